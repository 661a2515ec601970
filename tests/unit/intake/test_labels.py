from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scoring.intake.label_sources import effective_source, logged_effective_source, source_rank
from scoring.intake.labels import effective_after, label_entry, said_at_by_source, said_by_source
from scoring.intake.projections import label_row
from tests.factories.log import as_read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "effective"),
    [
        ({}, None),
        ({"customer": "fraud"}, "customer"),
        ({"customer": "fraud", "chargeback": "legitimate"}, "chargeback"),
        ({"chargeback": "fraud", "review": "legitimate"}, "review"),
        ({"another system": "fraud", "customer": "legitimate"}, "customer"),
    ],
    ids=[
        "no source has a label",
        "one source",
        "a chargeback outranks the customer",
        "a reviewer outranks a chargeback",
        "an unlisted source ranks lowest",
    ],
)
def test_precedence_of_sources(said: dict[str, str], effective: str | None) -> None:
    assert effective_source(said, {}) == effective


@pytest.mark.parametrize(
    ("case", "known_at", "effective"),
    [
        ("the dispute was known before the review", {"chargeback": 1, "review": 2}, "review"),
        ("the dispute became known after the review", {"chargeback": 2, "review": 1}, "chargeback"),
        ("both became known at once", {"chargeback": 1, "review": 1}, "review"),
        ("a second review, after the dispute", {"chargeback": 2, "review": 3}, "review"),
        ("a second dispute, after the second review", {"chargeback": 4, "review": 3}, "chargeback"),
        ("only a network's report is later", {"network": 2, "review": 1}, "review"),
        ("only the customer's report is later", {"customer": 2, "review": 1}, "review"),
        (
            "the dispute is later than the review, and a network's report than both",
            {"chargeback": 2, "review": 1, "network": 3},
            "chargeback",
        ),
        ("there is no review", {"chargeback": 1, "customer": 2}, "chargeback"),
        ("there is no dispute", {"review": 1, "network": 2, "customer": 3}, "review"),
    ],
)
def test_a_later_dispute_outranks_a_review(case: str, known_at: dict[str, int], effective: str) -> None:
    moments = {source: NOON + timedelta(days=day) for source, day in known_at.items()}
    said = {source: f"label of {source}" for source in known_at}
    assert effective_source(said, moments) == effective, case


def test_an_entry_names_the_source_in_effect_where_sources_differ() -> None:
    assert "effective_source" not in entry({}, "fraud").data
    assert entry({"customer": "legitimate"}, "fraud").data["effective_source"] == "chargeback"
    later = label_entry(
        event_stream="payment/shop/1",
        version=1,
        said={"review": "legitimate"},
        said_at={"review": NOON},
        previous="legitimate",
        value="fraud",
        label_source="chargeback",
        known_at=NOON + timedelta(days=30),
    ).data
    assert (later["previous"], later["effective"], later["effective_source"]) == (
        "legitimate",
        "fraud",
        "chargeback",
    )
    assert logged_effective_source(later) == "chargeback"
    before = {"said": {"chargeback": "fraud", "review": "legitimate"}}  # logged when the review always won
    assert logged_effective_source(before) == "review"
    assert logged_effective_source({"said": {}}) is None


def test_an_entry_follows_what_the_last_one_made_effective() -> None:
    """A stream of before a later dispute outranked a review: its last entry says that the review holds."""
    review = label_entry(
        event_stream="payment/shop/1",
        version=0,
        said={},
        said_at={},
        previous=None,
        value="legitimate",
        label_source="review",
        known_at=NOON,
    )
    dispute = label_entry(
        event_stream="payment/shop/1",
        version=1,
        said={"review": "legitimate"},
        said_at={},
        previous="legitimate",
        value="fraud",
        label_source="chargeback",
        known_at=NOON + timedelta(days=1),
    )
    stored = [as_read(review), as_read(dispute)]
    assert effective_after(stored) == "legitimate"
    assert said_at_by_source(stored) == {"review": NOON, "chargeback": NOON + timedelta(days=1)}
    following = label_entry(
        event_stream="payment/shop/1",
        version=2,
        said=said_by_source(stored),
        said_at=said_at_by_source(stored),
        previous=effective_after(stored),
        value="fraud",
        label_source="customer",
        known_at=NOON + timedelta(days=3),
    )
    assert (following.data["previous"], following.data["effective"]) == ("legitimate", "fraud")


def entry(said: dict[str, str], value: str | None, source: str = "chargeback"):
    return label_entry(
        event_stream="payment/shop/1",
        version=3,
        said=said,
        said_at={},
        previous=said[min(said, key=source_rank)] if said else None,
        value=value,
        label_source=source,
        known_at=NOON,
    )


def test_an_entry_carries_the_label_before_and_after_it() -> None:
    data = entry({"customer": "legitimate"}, "fraud").data
    assert (data["previous"], data["effective"]) == ("legitimate", "fraud")


def test_an_outranked_source_changes_nothing() -> None:
    data = entry({"review": "legitimate"}, "fraud").data
    assert (data["previous"], data["effective"]) == ("legitimate", "legitimate")


def test_a_retraction_restores_the_label_of_other_sources() -> None:
    retraction = entry({"chargeback": "fraud", "customer": "legitimate"}, None)
    assert retraction.type == "label.retracted"
    assert (retraction.data["previous"], retraction.data["effective"]) == ("fraud", "legitimate")
    assert retraction.expected_version == 3


@pytest.mark.parametrize(
    ("said", "value", "after", "conflict"),
    [
        ({}, "fraud", {"chargeback": "fraud"}, False),
        ({"review": "fraud"}, "fraud", {"review": "fraud", "chargeback": "fraud"}, False),
        ({"review": "legitimate"}, "fraud", {"review": "legitimate", "chargeback": "fraud"}, True),
        ({"chargeback": "legitimate"}, "fraud", {"chargeback": "fraud"}, False),
        ({"review": "legitimate", "chargeback": "fraud"}, None, {"review": "legitimate"}, False),
    ],
    ids=[
        "the only source",
        "two that agree",
        "two that disagree",
        "one that thinks better of it",
        "one that takes it back",
    ],
)
def test_an_entry_carries_the_labels_of_all_sources_and_its_row_whether_they_disagree(
    said: dict[str, str], value: str | None, after: dict[str, str], conflict: bool
) -> None:
    written = entry(said, value)
    assert written.data["said"] == after
    assert label_row(as_read(written))["conflict"] is conflict


def test_an_old_entry_without_the_labels_of_other_sources_shows_no_conflict() -> None:
    written = entry({"review": "legitimate"}, "fraud")
    data = {name: value for name, value in written.data.items() if name != "said"}
    assert label_row(as_read(replace(written, data=data)))["conflict"] is False
