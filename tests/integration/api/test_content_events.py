"""Content by the API: what is computed of a text counts in features, lists, corrections and files."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.lanes.lock import held_lane
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.replay.service import replay
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.imports import ingest_file
from tests.factories.lists import defined, listed
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
OFFER = "Get cheap sneakers at sneakers.example.com before they are gone"
WAVE = [
    OFFER,
    "GET CHEAP SNEAKERS at sneakers[.]example.com before they are gone!!!",
    "Get ch\u0435\u0430p sne\u0430kers at sneakers.example.com, before they are gone",
    "G3t che@p sneakers at sneakers (dot) example (dot) com before they are g0ne",
]


@pytest.fixture(autouse=True)
def fresh(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()


def content(number: int, text: str = OFFER, **fields: Any) -> dict[str, Any]:
    moment = to_iso(NOW - timedelta(seconds=60 - number))
    head = {"type": "content", "id": f"C-{number}", "occurred_at": moment, "kind": "comment"}
    return {**head, "author": f"author-{number}", "text": text, **fields}


def work() -> None:
    with held_lane("community"):
        runner = LaneRunner("community")
        while runner.step():
            pass
        runner.finish()


def last(number: int) -> Entry:
    return read_stream(f"content/shop/C-{number}")[-1]


def features(entry: Entry) -> dict[str, float]:
    names = lane_plan("community").feature_set("content").names
    return dict(zip(names, unpack_vectors(entry.packed, width=len(names))[0].tolist(), strict=True))


def test_the_same_text_from_many_authors_is_counted_however_it_is_disguised(api: Api) -> None:
    for number, text in enumerate(WAVE):
        assert api.post("events", content(number, text)).status_code == 202
    assert api.post("events", content(9, "We went to the lake on Sunday and had a picnic")).status_code == 202
    work()
    told = features(last(len(WAVE) - 1))
    assert told["text_copy_distinct_author_10m"] == len(WAVE) - 1
    assert told["text_band_1_distinct_author_10m"] == len(WAVE) - 1
    assert told["domain_1_distinct_author_1h"] == len(WAVE) - 1
    assert told["text_hidden_links"] == 1
    assert features(last(9))["text_copy_count_10m"] == 0
    report = replay("content", since=NOW - timedelta(days=1), until=datetime.now(UTC))
    assert (report.decisions, report.is_identical) == (len(WAVE) + 1, True)


def test_a_listed_domain_is_found_in_the_text(api: Api) -> None:
    defined("bad_sites", kind="domain")
    listed("bad_sites", "https://www.example.com/whatever")
    api.post("events", content(1, WAVE[1]))
    api.post("events", content(2, "no link in here, just a nice comment"))
    work()
    assert [last(1).data["outcome"], last(2).data["outcome"]] == ["block", "allow"]


def test_an_answer_shows_what_was_sent_and_what_follows_and_can_be_sent_back(api: Api) -> None:
    api.post("events", content(1, f"{OFFER}, call +43 660 1234567"))
    work()
    answer = api.get("events/content/C-1").json()
    assert answer["fields"] == {"kind": "comment", "author": "author-1", "language": "en"}
    assert answer["computed"].keys() == {
        *("text_copy", "text_band_1", "text_band_2", "text_band_3", "text_band_4", "domain_1")
    }
    again = {**answer["fields"], "text": OFFER, "occurred_at": answer["occurred_at"]}
    corrected = api.post("events/content/C-1/corrections", {"event": again, "reason": "without number"})
    assert corrected.status_code in (201, 202)
    version = next(e for e in read_stream("content/shop/C-1") if e.type == "event.corrected")
    assert version.data["changed"] == ["text"]
    assert "contact_1" not in version.data["fields"]


def test_a_repeated_submission_is_the_same_event_whatever_is_computed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("events", content(1))
    monkeypatch.setattr("scoring.catalog.text_fields.detect_language", lambda text: "nl")
    assert api.post("events", content(1))["Idempotent-Replayed"] == "true"
    assert api.post("events", content(1, OFFER + "!")).status_code == 409


def test_a_file_gives_the_same_fields_as_the_api(api: Api, tmp_path: Path) -> None:
    rows = [content(number, text, links=["example.org/a"]) for number, text in enumerate(WAVE)]
    rows[0].pop("links")
    for row in rows:
        api.post("events", row)
    path = tmp_path / "content.jsonl"
    cells = [
        {name: " ".join(cell) if name == "links" else cell for name, cell in row.items()} for row in rows
    ]
    path.write_text("\n".join(map(json.dumps, cells)))
    mapping = ColumnMapping("content", source="file", id=("id",))
    ingest_file(path, mapping=mapping, history=True, clock=lambda: datetime.now(UTC))
    for number in range(len(WAVE)):
        sent, read = (read_stream(f"content/{source}/C-{number}")[0].data for source in ("shop", "file"))
        for part in ("fields", "signals", "detected"):
            assert read[part] == sent[part]


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (b'"a\\u0000b"', "text", "has the character U+0000"),
        (json.dumps("a" * 1_000_000).encode(), "text", "is longer than 50000 characters"),
        (b'"ok", "text_copy": "' + b"0" * 32 + b'"', "text_copy", "is computed by Assay"),
        (b'"ok", "links": ["javascript:alert(1)"]', "links", "item [0] is no link"),
    ],
)
def test_bad_texts_are_refused_by_name(api: Api, body: bytes, field: str, problem: str) -> None:
    head = json.dumps(content(1)).encode().replace(json.dumps(OFFER).encode(), b"TEXT")
    refused = api.post("events", head.replace(b"TEXT", body))
    assert refused.status_code == 422, refused.content
    assert [(each["field"], each["problem"]) for each in refused.json()["errors"]] == [(field, problem)]


def test_right_to_left_overrides_are_text(api: Api) -> None:
    assert api.post("events", content(1, "get \u202eeerf\u202c sneakers from us today")).status_code == 202
    work()
    assert features(last(1))["text_disguises"] == 1


def test_reports_strikes_and_bans_count_for_the_content_that_follows(api: Api) -> None:
    before = to_iso(NOW - timedelta(minutes=5))
    around: list[dict[str, Any]] = [
        {"type": "account", "id": "A-1", "author": "mallory", "action": "ban", "device": "d-1"},
        {"type": "account", "id": "A-2", "author": "author-1", "action": "sign_up", "device": "d-1"},
        {"type": "report", "id": "R-1", "reporter": "ann", "author": "author-1", "policy": "spam"},
        {"type": "report", "id": "R-2", "reporter": "bob", "author": "author-1", "policy": "scam"},
        {"type": "strike", "id": "S-1", "author": "author-1", "policy": "spam"},
    ]
    for event in around:
        assert api.post("events", {**event, "occurred_at": before}).status_code == 201
    api.post("events", content(1, device="d-1"))
    work()
    told = features(last(1))
    assert told["device_account_count_90d_where_action_is_ban"] == 1
    assert told["device_account_count_24h_where_action_is_sign_up"] == 1
    assert told["author_strike_count_7d"] == 1
    assert told["author_as_author_report_count_24h"] == 2
    assert told["author_as_author_report_distinct_reporter_7d"] == 2


def post_of(text: str, id: str = "P-1") -> str:
    moment = to_iso(NOW - timedelta(minutes=1))
    fields = f'"type": "content", "id": "{id}", "occurred_at": "{moment}", "kind": "post", "author": "ann"'
    return f'{{{fields}, "text": "{text}"}}'


def test_a_lone_surrogate_is_refused_by_its_field_and_place(api: Api) -> None:
    """It is JSON, but no text: half of a character."""
    told = {
        "field": "text",
        "problem": "holds a lone surrogate (U+D800) at character 6",
        "allowed": "text of whole characters: surrogates only in pairs",
    }
    broken = post_of(r"Hello\ud800")
    response = api.post("events", broken.encode())
    assert (response.status_code, response.json()["errors"]) == (422, [told])
    response = api.post("events", f"[{broken}, {post_of('Hello', 'P-2')}]".encode())
    first, second = response.json()["results"]
    assert (first["status"], first["problem"]["errors"]) == (422, [told])
    assert second["status"] == 202
    response = api.post("simulations", f'{{"event": {broken}}}'.encode())
    assert (response.status_code, response.json()["errors"]) == (422, [{**told, "field": "event.text"}])
