from datetime import UTC, datetime

import pytest

from scoring.learning.promotion.promote import champions_in_order
from scoring.log.entries import Entry


def changed(version, champion, reason="promoted", *others):
    arms = [{"name": "champion", "model": champion, "role": "champion", "share": 1.0}, *others]
    return Entry(
        position=version,
        epoch=1,
        txid=version,
        stream="route/payment",
        stream_version=version,
        type="route.changed",
        schema_version=1,
        data={"arms": arms, "reason": reason},
        packed=None,
        metadata={},
        recorded_at=datetime(2026, 1, version, tzinfo=UTC),
    )


def turns(*steps):
    return champions_in_order([changed(number, *step) for number, step in enumerate(steps, start=1)])


@pytest.mark.parametrize(
    ("sentence", "steps", "expected"),
    [
        ("no route, no champion", [], []),
        ("the first has no predecessor", [("a",)], ["a"]),
        ("each promotion is a turn", [("a",), ("b",), ("c",)], ["a", "b", "c"]),
        ("a canary beside the champion is none", [("a",), ("a", "canary of 10 %")], ["a"]),
        ("a model that was rolled back is passed over", [("a",), ("b",), ("a", "rolled back")], ["a"]),
        (
            "a second roll-back goes further back, not forward again",
            [("a",), ("b",), ("c",), ("b", "rolled back"), ("a", "rolled back")],
            ["a"],
        ),
        (
            "a roll-back by a guardrail says why",
            [("a",), ("b",), ("a", "rolled back: 60 of 62 events would be blocked")],
            ["a"],
        ),
        (
            "what was rolled back may be promoted again",
            [("a",), ("b",), ("a", "rolled back"), ("b",)],
            ["a", "b"],
        ),
        (
            "promoting an earlier one by hand is a turn of its own",
            [("a",), ("b",), ("a",)],
            ["a", "b", "a"],
        ),
    ],
)
def test_who_was_champion_before(sentence, steps, expected):
    assert turns(*steps) == expected
