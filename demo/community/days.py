"""Days of a simulated community: content, accounts and reports, with what reviewers would say of them.

Each day is drawn from its own seed, so that events do not depend on where a period begins or ends.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from demo.community.campaigns import HOUR, MINUTE, Step, draw_campaign
from demo.community.free_texts import write_freely
from demo.community.members import (
    THREADS_PER_TOPIC,
    TOPIC_NAMES,
    Community,
    member_address,
    member_device,
    member_name,
    thread_name,
)
from demo.community.phrases import ACCEPTABLE, write

RATE_PER_DAY = 500.0
SCENARIOS_PER_DAY = 7.0
MAX_SCENARIO_DAYS = 2  # from a scenario's first event to its last
REPORTED, REPORTED_WRONGLY = 0.35, 0.004  # shares of violating and of acceptable content
NEVER_JUDGED, CHECKED_GOOD = 0.08, 0.25  # shares of violating content without a label, of acceptable with one
MAX_LABEL_DELAY_DAYS = 5
NEWCOMERS_PER_DAY = 6.0
WITH_PICTURE = 0.04  # share of members' texts
OWN_PICTURES = 1_000  # numbers from here on are pictures of members; smaller ones are those of campaigns

FIELDS = {
    "content": ("kind", "author", "target", "thread", "device", "ip", "text"),
    "account": ("author", "action", "device", "ip"),
    "report": ("reporter", "author", "content", "thread", "policy"),
    "strike": ("author", "policy", "reason", "content"),
}
COLUMNS = ("id", "type", "occurred_at", *dict.fromkeys(name for names in FIELDS.values() for name in names))
TRUTH = ("label", "policies", "label_known_at", "truth", "scenario", "picture", "edit")
_ORDINARY = {"scenario": "", "truth": ""}
# as drawn, with times in seconds of the day
_DRAWN = [*COLUMNS[:2], "second", *COLUMNS[3:], *TRUTH[:2], "known", *TRUTH[3:]]


def draw_days(
    community: Community, *, first: date, until: datetime, rate: float = RATE_PER_DAY
) -> pd.DataFrame:
    """All activity that begins from `first` on, up to `until`, in time order.

    Columns: `COLUMNS` as the API accepts them, None where a type lacks a field; then `TRUTH`: `label` and
    `policies` as reviewers give them at `label_known_at`; `truth`, the policy that is broken, with scenario,
    picture and its edit, which are not for sending.
    """
    days = (until.astimezone(UTC).date() - first).days + 1
    drawn = [_draw_day(community, first + timedelta(days=number), rate=rate) for number in range(days)]
    frame = pd.concat(drawn, ignore_index=True)
    return frame[frame.occurred_at < until].sort_values("occurred_at", kind="stable", ignore_index=True)


def simulate_community(
    community: Community, *, days: int, end: datetime, rate: float = RATE_PER_DAY
) -> pd.DataFrame:
    """The activity in [end - days, end); see `draw_days`."""
    start = (end - timedelta(days=days)).astimezone(UTC)
    frame = draw_days(
        community, first=(start - timedelta(days=MAX_SCENARIO_DAYS)).date(), until=end, rate=rate
    )
    return frame[frame.occurred_at >= start].reset_index(drop=True)


def _draw_day(community: Community, day: date, *, rate: float) -> pd.DataFrame:
    rng = np.random.default_rng([community.seed, 12, day.toordinal()])
    rows = [
        *_ordinary(rng, community, day, mean=rate),
        *_newcomers(rng, community, day),
        *_scenarios(rng, community, day),
    ]
    for number, row in enumerate(rows):
        row["id"] = f"c{community.seed}-{day:%Y%m%d}-{number:05d}"
    rows += list(_reports(rng, rows))
    return _with_times(pd.DataFrame([_ORDINARY | row for row in rows], columns=_DRAWN), day)


def _ordinary(
    rng: np.random.Generator, community: Community, day: date, *, mean: float
) -> Iterator[dict[str, Any]]:
    """What members write on a day."""
    for member in rng.choice(community.members, rng.poisson(mean), p=community.rate):
        topic = TOPIC_NAMES[int(community.topic[member])]
        hour = rng.normal(community.shift[member], 2.5) % 24
        yield {
            "type": "content",
            "second": hour * HOUR,
            "kind": str(rng.choice(["comment", "post", "message", "listing"], p=[0.75, 0.18, 0.05, 0.02])),
            "author": member_name(member),
            "target": member_name(int(rng.choice(community.members, p=community.rate)))
            if rng.random() < 0.5
            else None,
            "thread": thread_name(topic, day.toordinal(), int(rng.integers(THREADS_PER_TOPIC))),
            "device": member_device(member),
            "ip": member_address(member),
            **_written(rng, topic),
            **_judged(rng, hour * HOUR, policy=""),
        }


def _newcomers(rng: np.random.Generator, community: Community, day: date) -> Iterator[dict[str, Any]]:
    """People who join on a day and write their first texts, as harmless as the others'."""
    for number in range(rng.poisson(NEWCOMERS_PER_DAY)):
        own = {
            "author": f"joined-{day:%Y%m%d}-{number}",
            "device": f"phone-{day:%Y%m%d}-{number}",
            "ip": f"198.18.{rng.integers(256)}.{rng.integers(256)}",
        }
        second = rng.uniform(0, 20) * HOUR
        yield {"type": "account", "second": second, "action": "sign_up", **own}
        for _ in range(rng.integers(1, 5)):
            second += rng.exponential(30 * MINUTE)
            topic = str(rng.choice(TOPIC_NAMES))
            yield {
                "type": "content",
                "second": second,
                "kind": str(rng.choice(["comment", "post"])),
                "thread": thread_name(topic, day.toordinal(), int(rng.integers(THREADS_PER_TOPIC))),
                **own,
                **_written(rng, topic),
                **_judged(rng, second, policy=""),
            }


def _written(rng: np.random.Generator, topic: str) -> dict[str, Any]:
    """A text of a member, or a picture of theirs, or both."""
    free = write_freely(rng)
    text = write(rng, ACCEPTABLE, topic=topic) if free is None else free or None
    has_picture = text is None or rng.random() < WITH_PICTURE
    picture = int(rng.integers(OWN_PICTURES, 1 << 40)) if has_picture else None
    return {"text": text, "picture": picture, "edit": 0}


def _scenarios(rng: np.random.Generator, community: Community, day: date) -> Iterator[dict[str, Any]]:
    for _ in range(rng.poisson(SCENARIOS_PER_DAY)):
        begin = rng.uniform(0, 24) * HOUR
        for step in draw_campaign(rng)(rng, community, day.toordinal()):
            yield _row(rng, step, second=begin + step.after)


def _row(rng: np.random.Generator, step: Step, *, second: float) -> dict[str, Any]:
    row = {"type": step.kind, "second": second, "scenario": step.scenario, **step.fields}
    row |= {"truth": step.policy, "picture": step.picture, "edit": step.edit}
    return row | (_judged(rng, second, policy=step.policy) if step.kind == "content" else {})


def _judged(rng: np.random.Generator, second: float, *, policy: str) -> dict[str, Any]:
    """What a reviewer says of content, and when; nothing of most acceptable content."""
    luck = rng.random()
    if luck >= (1 - NEVER_JUDGED if policy else CHECKED_GOOD):
        return {"label": None, "policies": "", "known": np.nan}
    delay = min(rng.lognormal(np.log(0.4), 1.0), MAX_LABEL_DELAY_DAYS) * 24 * HOUR
    return {
        "label": "violating" if policy else "acceptable",
        "policies": policy,
        "known": second + delay,
    }


def _reports(rng: np.random.Generator, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Flags by other members, minutes after the content."""
    for row in rows:
        if row["type"] != "content":
            continue
        policy = row.get("truth", "")
        if rng.random() < (REPORTED if policy else REPORTED_WRONGLY):
            yield {
                "id": f"{row['id']}-r",
                "type": "report",
                "second": row["second"] + rng.exponential(20 * 60),
                "reporter": member_name(int(rng.integers(1_000))),
                "author": row["author"],
                "content": row["id"],
                "thread": row["thread"],
                "policy": policy or None,
            }


def _with_times(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    def moments(seconds: pd.Series) -> pd.Series:
        return pd.Timestamp(day, tz="UTC") + pd.to_timedelta(seconds.astype(float).round(), unit="s")

    times = {"occurred_at": moments(frame.second), "label_known_at": moments(frame.known)}
    return frame.astype(object).where(frame.notna(), None).assign(**times)[[*COLUMNS, *TRUTH]]
