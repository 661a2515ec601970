"""The status of corrected and retracted events, from the entries of their streams."""

from typing import Any

import pytest

from scoring.intake import answers
from scoring.log.entries import Entry, NewEntry
from tests.factories.log import as_read

STREAM = "payment/shop/1"
RECEIPT, CORRECTION, PARKED = 10, 20, 30
EVENT = {
    "id": "1",
    "type": "payment",
    "occurred_at": "2026-01-02T03:04:05Z",
    "fields": {},
    "history": False,
}


def entry(position: int, type: str, data: dict[str, Any]) -> Entry:
    return as_read(NewEntry(STREAM, 0, type, data), position=position)


@pytest.mark.parametrize(
    ("parked", "status"),
    [
        pytest.param(RECEIPT, "pending", id="a version that holds no more was parked"),
        pytest.param(CORRECTION, "parked", id="the version that holds was parked"),
    ],
)
def test_a_corrected_event_is_parked_when_its_own_version_is(
    parked: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrected = EVENT | {"version": 2, "changed": ["amount"], "reason": ""}
    stream = [
        entry(RECEIPT, "event.received", EVENT),
        entry(CORRECTION, "event.corrected", corrected),
        entry(PARKED, "event.parked", {"position": parked}),
    ]
    monkeypatch.setattr(answers, "_registered_parts", dict)
    monkeypatch.setattr(answers, "read_stream", {STREAM: stream, f"label/{STREAM}": []}.__getitem__)

    assert answers.answer_for(STREAM)["status"] == status
