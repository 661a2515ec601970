from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scoring.intake.label_sources import effective_label
from scoring.intake.labels import label_entry
from scoring.intake.projections import label_row
from tests.factories.log import as_read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "effective"),
    [
        ({}, None),
        ({"customer": "fraud"}, "fraud"),
        ({"customer": "fraud", "chargeback": "legitimate"}, "legitimate"),
        ({"chargeback": "fraud", "review": "legitimate"}, "legitimate"),
        ({"another system": "fraud", "customer": "legitimate"}, "legitimate"),
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
    assert effective_label(said) == effective


def entry(said: dict[str, str], value: str | None, source: str = "chargeback"):
    return label_entry(
        event_stream="payment/shop/1", version=3, said=said, value=value, label_source=source, known_at=NOON
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
