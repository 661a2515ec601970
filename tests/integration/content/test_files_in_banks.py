"""Files are looked up in hash banks: at once if they are processed, else when their event is enriched."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.content.media.enrichment import enrich_events
from scoring.log.read import read_stream
from scoring.replay.service import replay
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.models import BankMatch
from scoring.signals import redis_connections as connections
from tests.factories.banks import ANA, defined_bank, differing
from tests.factories.catalog import catalog_with
from tests.factories.media import Uploads, png
from tests.integration.content.test_events_with_media import HASH, decisions, post, process, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clips() -> Iterator[None]:
    connections.client.cache_clear()
    with catalog_with("tests.factories.clips"):
        yield


@pytest.fixture(autouse=True)
def bank() -> None:
    """A bank with a hash near that of every processed file."""
    defined_bank(action="block")
    items = [NewItem(differing(HASH, 9), reason="test")]
    add_items(bank="known_abuse", items=items, actor=ANA, now=datetime.now(UTC))


def told(decision: Any) -> tuple[str, str, list[tuple[str, str, int]]]:
    data = decision.data
    findings = [(each["field"], each["media"], each["distance"]) for each in data["findings"]]
    return data["outcome"], data["decided_by"], findings


def test_a_processed_file_is_matched_at_once(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    process(media)
    post(uploads, media)
    work()
    [made] = decisions()
    assert told(made) == ("block", "bank", [("files", media, 9)])
    answer = uploads.client.get("/api/v1/events/clip/C-1").json()
    [reason] = answer["decision"]["reasons"]
    assert (reason["source"], reason["code"]) == ("bank", "BANK_KNOWN_ABUSE")


def test_a_pending_file_is_matched_when_its_event_is_enriched_and_replay_agrees(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    post(uploads, media)
    work()
    process(media)
    assert enrich_events(now=datetime.now(UTC)) == 1
    work()
    made, revised = decisions()
    assert told(made) == ("allow", "policy", [])
    assert told(revised) == ("block", "bank", [("files", media, 9)])
    assert revised.data["cause"] == "enriched"
    [match] = BankMatch.objects.all()
    assert (match.media, match.event_stream, match.decided) == (media, "clip/forum/C-1", "block")
    hour = timedelta(hours=1)
    report = replay("clip", since=datetime.now(UTC) - hour, until=datetime.now(UTC) + hour)
    assert report.first == []
    assert report.is_identical
    assert len(read_stream("clip/forum/C-1")) == 4
