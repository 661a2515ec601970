"""Erasing a subject: its personal values, notes and files go; the log, and what others have too, stay."""

import json
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from django.urls import reverse

from reviews.console.event_details import event_detail
from reviews.models import Case
from reviews.work import claims, verdicts
from scoring.content.media.entries import RECEIVED, stream_of
from scoring.content.media.models import MediaItem
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.models import LogEntry, VaultItem
from scoring.log.read import read_stream
from scoring.signals import redis_connections as connections
from tests.integration.reviews.browsing import LOOK, WORK, Browse, text_of
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import consume, decide_event, receive

ERASER = (*WORK, "reviews.erase_subject")
MEDIA = "ab" * 32
ADDRESS = "/admin/entities/erase/customer/C-1/"


@pytest.fixture(autouse=True)
def services(transactional_db: None, online_redis: redis.Redis) -> None:
    connections.client.cache_clear()


def pay(number: int, customer: str = "C-1", *, ip: str = "192.0.2.1") -> Entry:
    fields = {"card": f"card-{customer}", "customer": customer, "merchant": "shop", "amount": "10.00"}
    return receive("payment", f"T-{number}", currency="USD", ip=ip, **fields)


def erase(kind: str = "customer", value: str = "C-1", **options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "erase_subject", kind=kind, value=value, json=True, stdout=out, **{"reason": "request 17", **options}
    )
    [found] = json.loads(out.getvalue())["subjects"]
    return dict(found)


def ip_of(event: Entry) -> str:
    return event_detail(event.position).personal["ip"]


def test_the_values_of_a_subject_are_erased_and_those_of_others_stay() -> None:
    own, other = pay(1), pay(2, "C-2", ip="192.0.2.2")
    before = LogEntry.objects.count()
    assert erase()["values"] == 1
    assert ip_of(own) == ""
    assert ip_of(other) == "192.0.2.2"
    [entry] = read_stream("subject/customer/C-1")
    assert LogEntry.objects.count() == before + 1
    assert entry.data == {
        "kind": "customer", "subject": "C-1", "events": 1, "values": 1, "notes": 0, "files": 0, "kept": 0,
        "reason": "request 17",
    }  # fmt: skip


@pytest.mark.parametrize("with_shared", [False, True])
def test_a_shared_value_is_kept_unless_it_is_included(with_shared: bool) -> None:
    own, _ = pay(1), pay(2, "C-2")
    found = erase(with_shared=with_shared)
    assert (found["values"], found["kept"]) == ((1, 0) if with_shared else (0, 1))
    assert ip_of(own) == ("" if with_shared else "192.0.2.1")


def test_a_personal_entity_is_named_by_its_value_and_logged_by_its_digest() -> None:
    event, _ = pay(1), pay(2, "C-2")
    found = erase("ip", "192.0.2.1")
    assert (found["events"], found["values"], found["kept"]) == (2, 1, 0)
    assert ip_of(event) == ""
    assert "192.0.2.1" not in json.dumps(read_stream(f"subject/ip/{found['subject']}")[0].data)
    assert erase("ip", "192.0.2.1")["values"] == 0


def test_the_notes_on_its_cases_are_erased() -> None:
    for number, customer in ((1, "C-1"), (2, "C-2")):
        event = pay(number, customer, ip=f"192.0.2.{number}")
        decide_event(event, now=DAY, stake=1_000)
        consume()
        claims.claim_case(event.position, reviewer="ana", now=DAY)
        verdict = {"verdict": "fraud", "reason_code": "stolen_card", "note": f"Called {customer}"}
        verdicts.decide_case(event.position, reviewer="ana", now=DAY, **verdict)
    assert erase()["notes"] == 1
    kept = Case.objects.get(event_stream="payment/shop/T-2").note
    assert list(VaultItem.objects.filter(kind="case_note").values_list("pk", flat=True)) == [kept]


def test_values_before_a_correction_are_erased_too() -> None:
    event = pay(1)
    corrected = {
        **event.data,
        "event_position": event.position,
        "version": 2,
        "changed": ["ip"],
        "reason": "x",
    }
    VaultItem.objects.create(digest="0" * 32, kind="ip", value="192.0.2.9")
    corrected["fields"] = {**event.data["fields"], "ip": "0" * 32}
    append([NewEntry(event.stream, 1, "event.corrected", corrected)], now=DAY)
    assert erase()["values"] == 2
    assert not VaultItem.objects.exists()


def upload(*files: str) -> None:
    for file in files:
        sent = {"id": file, "type": "image/png", "kind": "image", "bytes": 3, "source": "shop"}
        append([NewEntry(stream_of(file), 0, RECEIVED, sent)], now=DAY)


def test_files_of_its_posts_are_removed() -> None:
    upload(MEDIA)
    receive("content", "P-1", kind="post", author="ann", text="Call me on 555 0199", attachments=[MEDIA])
    found = erase("author", "ann")
    assert (found["values"], found["files"]) == (1, 1)
    assert MediaItem.objects.get().removed_at is not None


def test_a_file_that_others_attached_is_kept_wherever_it_stands_among_its_own() -> None:
    files = [f"{number}" * 64 for number in range(1, 7)]
    upload(*files)
    receive("content", "P-1", kind="post", author="ann", attachments=files)
    receive("content", "P-2", kind="post", author="bo", attachments=files[4:5])
    found = erase("author", "ann")
    assert (found["files"], found["kept"]) == (5, 1)
    assert list(MediaItem.objects.filter(removed_at=None).values_list("pk", flat=True)) == files[4:5]


def test_a_concurrent_erasure_is_recorded_beside_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pay(1)
    versions = iter([0, 0, 1])  # the second erasure reads the stream before the first one has written to it
    monkeypatch.setattr("reviews.erasure.erasing.last_version", lambda stream: next(versions))
    for _ in range(2):
        erase()
    assert [entry.data["values"] for entry in read_stream("subject/customer/C-1")] == [1, 0]


def test_a_card_number_in_the_reason_is_not_stored() -> None:
    pay(1)
    assert erase(reason="used 4111 1111 1111 1111")["reason"] == "used ************1111"


def test_a_dry_run_deletes_nothing() -> None:
    event = pay(1)
    assert erase(dry_run=True)["values"] == 1
    assert ip_of(event) == "192.0.2.1"
    assert read_stream("subject/customer/C-1") == []


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"value": "C-9"}, 3, "no event names this customer"),
        ({"reason": ""}, 2, "argument --reason"),
        ({"reason": "x" * 201}, 2, "201 characters"),
        ({"value": ""}, 2, "argument --value"),
    ],
)
def test_what_cannot_be_erased_is_said(options: dict[str, Any], code: int, said: str) -> None:
    pay(1)
    with pytest.raises(CommandError, match=said) as refused:
        erase(**options)
    assert refused.value.returncode == code


def test_the_page_shows_what_is_stored_and_erases_it(browse: Browse) -> None:
    event = pay(1)
    consume()
    client, address = browse("mia", *ERASER), ADDRESS
    entity = reverse("admin:entities") + "?kind=customer&value=C-1"
    assert address in text_of(client.get(entity))
    assert "of 1 event" in text_of(client.get(address))
    client.post(address, {"reason": "request 17"})
    assert ip_of(event) == "192.0.2.1"
    page = text_of(client.post(address, {"reason": "request 17", "confirmed": "yes"}, follow=True))
    assert "Erased personal values: 1, notes: 0, files: 0; kept because others have it too: 0" in page
    assert "request 17" in page
    assert ip_of(event) == ""
    [entry] = read_stream("subject/customer/C-1")
    assert entry.metadata["actor"] == "user/mia"


def test_the_page_is_for_those_who_may_erase(browse: Browse) -> None:
    pay(1)
    consume()
    client = browse("otto", *LOOK)
    assert client.get(ADDRESS).status_code == 403
    entity = client.get(reverse("admin:entities"), {"kind": "customer", "value": "C-1"})
    assert "Erase personal data" not in text_of(entity)


def test_an_unknown_kind_is_not_found(browse: Browse) -> None:
    assert browse("mia", *ERASER).get("/admin/entities/erase/planet/Mars/").status_code == 404
