"""Answers about an event and its decision, from the entries of its stream."""

from typing import Any

import pytest

from scoring.intake.answers import (
    DECISION_FIELDS,
    REASON_FIELDS,
    answer_from_stream,
    current_version,
    decision_from,
    is_undecided,
    retraction_in,
)
from scoring.log.entries import Entry, NewEntry
from tests.factories.log import as_read, decided, received

STREAM = "payment/shop/T-1"


def stream(*kinds: str, history: bool = False, type: str = "payment") -> list[Entry]:
    """The receipt and what follows it; an entry's position is ten times its version."""
    receipt = as_read(received("T-1", history=history, type=type), position=10)
    said: dict[str, NewEntry] = {
        "made": decided(receipt, outcome="review"),
        "revised": decided(receipt, revision=1, outcome="block", event_version=20),
        "corrected": NewEntry(STREAM, 1, "event.corrected", dict(receipt.data) | {"version": 2}),
        "retracted": NewEntry(STREAM, 1, "event.retracted", {"reason": "why"}),
        "parked": NewEntry(STREAM, 1, "event.parked", {"position": 10}),
    }
    return [receipt, *(as_read(said[kind], position=20 + 10 * n) for n, kind in enumerate(kinds))]


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        (stream(), "pending"),
        (stream("made"), "decided"),
        (stream("parked"), "parked"),
        (stream("parked", "made"), "decided"),
        (stream(history=True), "recorded"),
        (stream(type="refund"), "recorded"),
    ],
)
def test_the_status_of_an_event(entries: list[Entry], status: str) -> None:
    assert answer_from_stream(entries)["status"] == status


def test_a_later_revision_does_not_change_the_answer() -> None:
    answer = answer_from_stream(stream("made", "revised"))
    assert (answer["decision"]["outcome"], answer["decision"]["revision"]) == ("review", 0)
    assert answer_from_stream(stream("corrected"))["decision"] is None


@pytest.mark.parametrize(
    ("entries", "undecided"),
    [
        (stream(), True),
        (stream("made"), False),
        (stream("corrected"), True),
        (stream("corrected", "made"), True),
        (stream("corrected", "made", "revised"), False),
        (stream("corrected", "retracted"), False),
        (stream("retracted"), False),
        (stream(history=True), False),
        (stream("corrected", history=True), False),
        (stream(type="refund"), False),
    ],
    ids=[
        "just received",
        "decided",
        "corrected before it was decided",
        "decided as it was received only",
        "decided as corrected",
        "retracted after a correction",
        "retracted",
        "history",
        "history that was corrected",
        "of a type that gets no decision",
    ],
)
def test_which_events_are_undecided(entries: list[Entry], undecided: bool) -> None:
    assert is_undecided(entries) is undecided


def test_the_current_version_is_the_latest_correction_and_a_retraction_is_found_anywhere() -> None:
    entries = stream("corrected", "made", "corrected", "parked", "retracted", "revised")
    assert current_version(entries).position == 40
    assert [entry.position for entry in entries if entry is retraction_in(entries)] == [60]
    assert retraction_in(stream("made")) is None
    assert current_version(stream("made")).position == 10


def test_a_decision_has_exactly_the_promised_keys_in_a_fixed_order() -> None:
    reason: dict[str, Any] = dict.fromkeys(reversed([*REASON_FIELDS, "secret"]), 1)
    thresholds = {"block": 0.9, "challenge": 1.0, "review": 0.5}
    data = decided(stream()[0], reasons=[reason], thresholds=thresholds).data
    told = decision_from(dict(reversed(data.items())))
    assert tuple(told) == DECISION_FIELDS
    assert [tuple(each) for each in told["reasons"]] == [REASON_FIELDS]
    assert list(told["thresholds"].items()) == [("review", 0.5), ("block", 0.9), ("challenge", 1.0)]
    assert decision_from(data | {"thresholds": None})["thresholds"] is None


@pytest.mark.parametrize(("basis", "decider"), [("model", "model"), ("no_model", "policy")])
def test_a_decision_of_before_there_were_rules_says_what_decided(basis: str, decider: str) -> None:
    told = decision_from(decided(stream()[0], basis=basis).data)
    assert told["decided_by"] == decider
    assert [told[name] for name in ("ruleset", "policy", "breaker", "exploration")] == [None] * 4


def test_lists_and_rules_that_asked_for_an_outcome_are_the_first_reasons() -> None:
    reason: dict[str, Any] = {**dict.fromkeys(REASON_FIELDS, 1), "code": "AMOUNT"}
    findings = [
        finding("list", "stolen_cards", "block"),
        finding("list", "trusted", ""),
        finding("rule", "large", "review"),
        finding("rule", "tried", "block", stage="shadow"),
    ]
    data = decided(stream()[0], reasons=[reason]).data
    told = decision_from({**data, "ruleset": 7, "decided_by": "list", "findings": findings})
    assert [(each["source"], each["code"]) for each in told["reasons"]] == [
        ("list", "STOLEN_CARDS"),
        ("rule", "LARGE"),
        ("model", "AMOUNT"),
    ]
    assert told["reasons"][0]["contribution"] is None
    assert (told["ruleset"], told["decided_by"]) == (7, "list")


def finding(kind: str, name: str, outcome: str, *, stage: str = "active") -> dict[str, Any]:
    named = {"kind": kind, "name": name, "number": 1, "stage": stage, "outcome": outcome}
    return {**named, "code": name.upper(), "text": f"{name} says so"}
