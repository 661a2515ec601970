"""Posts of the community of the history, as bodies of requests."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.content.texts import TextWriter
from demo.community.members import (
    THREADS_PER_TOPIC,
    TOPIC_NAMES,
    make_community,
    member_address,
    member_device,
    member_name,
    thread_name,
)
from demo.community.phrases import ACCEPTABLE, BREAKING, write

BREAKS_A_POLICY = 0.08  # share of posts
KINDS = ("comment", "post", "message", "listing")


def posts(plan: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Payloads without a time; each has an id of its own."""
    community = make_community(seed=plan["seed"])
    writer = TextWriter((plan["seed"], plan["session"]))
    rng, policies = writer.rng, tuple(BREAKING)
    for number in itertools.count():
        member, target = rng.choice(community.members, 2, p=community.rate).tolist()
        topic = TOPIC_NAMES[int(community.topic[member])]
        breaking = BREAKING[policies[rng.integers(len(policies))]]
        opening = write(rng, breaking if rng.random() < BREAKS_A_POLICY else ACCEPTABLE, topic=topic)
        yield {
            "type": "content",
            "id": f"{plan['run']}-{number}",
            "occurred_at": "",
            "kind": KINDS[rng.integers(len(KINDS))],
            "author": member_name(member),
            "target": member_name(target),
            "thread": thread_name(topic, plan["session"], int(rng.integers(THREADS_PER_TOPIC))),
            "device": member_device(member),
            "ip": member_address(member),
            "text": writer.write(opening),
        }
