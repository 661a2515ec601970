"""What each entry of the log asks for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.content.embeddings.following import Request, requests_of
from scoring.log.entries import Entry, NewEntry
from tests.factories.catalog import catalog_with
from tests.factories.log import as_read

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=15)
STREAM = "letter/post/L-1"
COMPARE, RELABELED = Request(compare=True), Request(relabeled=True)
BODY: dict[str, Any] = {"fields": {"author": "ann", "body": "d" * 32}, "history": False}
NO_TEXT: dict[str, Any] = {"fields": {"author": "ann"}, "history": False}


@pytest.fixture(autouse=True)
def letters() -> Iterator[None]:
    with catalog_with("tests.factories.letters"):
        yield


def entry(type: str, data: dict[str, Any], *, stream: str = STREAM, at: datetime = NOW) -> Entry:
    return as_read(NewEntry(stream, 0, type, data))._replace(recorded_at=at)


def label(effective: str | None, previous: str | None) -> Entry:
    data = {"event": STREAM, "effective": effective, "previous": previous}
    return entry("label.recorded", data, stream=f"label/{STREAM}")


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        (entry("event.received", BODY), COMPARE),
        (entry("event.received", NO_TEXT), None),
        (entry("event.received", BODY | {"history": True}), None),
        (entry("event.received", BODY, at=SINCE - timedelta(seconds=1)), None),
        (entry("event.received", BODY, stream="strike/post/S-1"), None),
        (entry("event.received", BODY, stream="gone/post/S-1"), None),
        (entry("event.corrected", BODY), Request(compare=True, relabeled=True)),
        (entry("event.corrected", NO_TEXT), RELABELED),
        (entry("event.retracted", {}), RELABELED),
        (label("violating", None), RELABELED),
        (label("acceptable", "violating"), RELABELED),
        (label(None, "violating"), RELABELED),
        (label("acceptable", None), None),
    ],
    ids=[
        "a text is received",
        "an event without a text",
        "history",
        "received too long ago",
        "a type that is not scored",
        "a type that is not declared any more",
        "corrected",
        "corrected to have no text",
        "retracted",
        "found bad",
        "found bad before",
        "its label retracted",
        "left up",
    ],
)
def test_entries_ask_for_comparisons_and_for_what_labels_say(given: Entry, asks: Request | None) -> None:
    found = [(stream, request) for _, stream, request in requests_of([given], since=SINCE)]
    assert found == ([(STREAM, asks)] if asks else [])
