from datetime import UTC, datetime

import pytest

from scoring.decisions.labels import effective_label, label_entry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "effective"),
    [
        ({}, None),
        ({"customer": "fraud"}, "fraud"),
        ({"customer": "fraud", "chargeback": "legitimate"}, "legitimate"),
        ({"chargeback": "fraud", "review": "legitimate"}, "legitimate"),
        ({"somebody": "fraud", "customer": "legitimate"}, "legitimate"),
    ],
    ids=[
        "nobody said anything",
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


def test_a_retraction_brings_back_what_others_say() -> None:
    retraction = entry({"chargeback": "fraud", "customer": "legitimate"}, None)
    assert retraction.type == "label.retracted"
    assert (retraction.data["previous"], retraction.data["effective"]) == ("fraud", "legitimate")
    assert retraction.expected_version == 3
