"""What harms the simulated community: lone offenders, and campaigns of several accounts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from demo.community.disguise import disguise
from demo.community.members import (
    THREADS_PER_TOPIC,
    TOPIC_NAMES,
    Community,
    member_address,
    member_device,
    member_name,
    thread_name,
)
from demo.community.phrases import BREAKING, NAMES, write

MINUTE, HOUR = 60.0, 3_600.0


@dataclass(frozen=True)
class Step:
    """One event of a scenario, `after` seconds from its start. `policy`: that which it breaks, "" if none.

    `picture`: the number of a simulated picture that is attached, and `edit` that of its edit; None if none.
    """

    after: float
    kind: str  # the event type: "content", "account"
    fields: Mapping[str, Any]
    policy: str = ""
    scenario: str = ""
    picture: int | None = None
    edit: int = 0


@dataclass(frozen=True)
class Accounts:
    """Accounts that somebody creates for a campaign, on a device and a few addresses."""

    names: Sequence[str]
    device: str
    addresses: Sequence[str] = field(default_factory=tuple)

    def fields(self, rng: np.random.Generator) -> dict[str, Any]:
        return {
            "author": str(rng.choice(np.array(self.names, dtype=object))),
            "device": self.device,
            "ip": str(rng.choice(np.array(self.addresses, dtype=object))),
        }


def spam_wave(rng: np.random.Generator, community: Community, day: int) -> Iterator[Step]:
    """New accounts post variants of one advertisement in many threads, disguised more and more."""
    accounts, policy = _new_accounts(rng, int(rng.integers(4, 12))), str(rng.choice(["spam", "spam", "scam"]))
    yield from _sign_ups(accounts, scenario="spam_wave")
    topic, clock = _topic(rng), 5 * MINUTE
    text = write(rng, BREAKING[policy], topic=topic)
    for number in range(rng.integers(10, 40)):
        clock += rng.exponential(1.5 * MINUTE)
        shown = disguise(rng, text) if rng.random() < min(0.8, number / 20) else text
        fields = accounts.fields(rng) | _in_thread(rng, _topic(rng), day) | {"text": shown, "kind": "comment"}
        yield Step(clock, "content", fields, policy=policy, scenario="spam_wave")


def raid(rng: np.random.Generator, community: Community, day: int) -> Iterator[Step]:
    """Many accounts insult one member in one thread within minutes."""
    accounts = _new_accounts(rng, int(rng.integers(5, 15)))
    yield from _sign_ups(accounts, scenario="raid")
    topic, name, clock = _topic(rng), str(rng.choice(NAMES)), 10 * MINUTE
    place = _in_thread(rng, topic, day)
    target = member_name(int(rng.integers(community.members)))
    for _ in range(rng.integers(10, 30)):
        clock += rng.exponential(25.0)
        policy = "harassment" if rng.random() < 0.85 else "violence"
        text = write(rng, BREAKING[policy], topic=topic, slots={"name": name})
        shown = disguise(rng, text) if rng.random() < 0.3 else text
        fields = accounts.fields(rng) | place | {"text": shown, "kind": "comment", "target": target}
        yield Step(clock, "content", fields, policy=policy, scenario="raid")


def ban_evasion(rng: np.random.Generator, community: Community, day: int) -> Iterator[Step]:
    """A banned member returns under new names on the same device."""
    banned = int(rng.integers(community.members))
    names = [f"again-{rng.integers(1 << 30):08x}" for _ in range(rng.integers(1, 4))]
    accounts = Accounts(names, member_device(banned), [member_address(banned)])
    old = {"author": member_name(banned), "device": accounts.device, "ip": accounts.addresses[0]}
    yield Step(0.0, "account", old | {"action": "ban"}, scenario="ban_evasion")
    for number, name in enumerate(names):
        begin = (number + 1) * 3 * HOUR
        yield Step(
            begin,
            "account",
            accounts.fields(rng) | {"author": name, "action": "sign_up"},
            scenario="ban_evasion",
        )
        for _ in range(rng.integers(3, 9)):
            begin += rng.exponential(12 * MINUTE)
            offense = _draw_offense(rng, day)
            fields = offense.fields | accounts.fields(rng) | {"author": name}
            yield Step(begin, "content", fields, policy=offense.policy, scenario="ban_evasion")


def image_repost(rng: np.random.Generator, community: Community, day: int) -> Iterator[Step]:
    """One forbidden picture is posted again and again, edited a little each time."""
    accounts, picture, clock = (
        _new_accounts(rng, int(rng.integers(3, 8))),
        int(rng.integers(1, 1_000)),
        5 * MINUTE,
    )
    yield from _sign_ups(accounts, scenario="image_repost")
    for number in range(rng.integers(6, 16)):
        clock += rng.exponential(4 * MINUTE)
        text = write(rng, BREAKING["sexual"], topic=_topic(rng)) if rng.random() < 0.3 else "look at this"
        fields = accounts.fields(rng) | _in_thread(rng, _topic(rng), day) | {"text": text, "kind": "post"}
        yield Step(
            clock, "content", fields, policy="sexual", scenario="image_repost", picture=picture, edit=number
        )


def lone_offender(rng: np.random.Generator, community: Community, day: int) -> Iterator[Step]:
    """A member who loses control once or twice."""
    member = int(rng.integers(community.members))
    own = {"author": member_name(member), "device": member_device(member), "ip": member_address(member)}
    clock = 0.0
    for _ in range(rng.integers(1, 4)):
        clock += rng.exponential(20 * MINUTE)
        offense = _draw_offense(rng, day)
        yield Step(clock, "content", offense.fields | own, policy=offense.policy, scenario="lone_offender")


@dataclass(frozen=True)
class _Offense:
    fields: dict[str, Any]
    policy: str


def _draw_offense(rng: np.random.Generator, day: int) -> _Offense:
    policy = str(rng.choice(["harassment", "hate", "violence", "spam"], p=[0.5, 0.2, 0.1, 0.2]))
    topic = _topic(rng)
    text = write(rng, BREAKING[policy], topic=topic)
    return _Offense(_in_thread(rng, topic, day) | {"text": text, "kind": "comment"}, policy)


def _sign_ups(accounts: Accounts, *, scenario: str) -> Iterator[Step]:
    for number, name in enumerate(accounts.names):
        fields = {"author": name, "device": accounts.device, "ip": accounts.addresses[0], "action": "sign_up"}
        yield Step(number * 15.0, "account", fields, scenario=scenario)


def _new_accounts(rng: np.random.Generator, count: int) -> Accounts:
    batch = f"{rng.integers(1 << 32):08x}"
    addresses = [f"203.0.113.{rng.integers(1, 255)}" for _ in range(3)]
    return Accounts([f"new-{batch}-{number}" for number in range(count)], f"farm-{batch}", addresses)


def _in_thread(rng: np.random.Generator, topic: str, day: int) -> dict[str, Any]:
    return {"thread": thread_name(topic, day, int(rng.integers(THREADS_PER_TOPIC)))}


def _topic(rng: np.random.Generator) -> str:
    return str(rng.choice(TOPIC_NAMES))


Campaign = Callable[[np.random.Generator, Community, int], Iterator[Step]]

# by name: what draws it, and its share of all scenarios
CAMPAIGNS: Mapping[str, tuple[Campaign, float]] = {
    "spam_wave": (spam_wave, 0.20),
    "raid": (raid, 0.10),
    "ban_evasion": (ban_evasion, 0.10),
    "image_repost": (image_repost, 0.10),
    "lone_offender": (lone_offender, 0.50),
}


def draw_campaign(rng: np.random.Generator) -> Campaign:
    names, shares = list(CAMPAIGNS), [share for _, share in CAMPAIGNS.values()]
    return CAMPAIGNS[str(rng.choice(names, p=shares))][0]
