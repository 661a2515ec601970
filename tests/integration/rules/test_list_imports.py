"""Files that are too long for a request are imported by a worker, step by step, and survive its end."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from scoring.rules.lists.changing.defining import archive_list
from scoring.rules.lists.errors import ImportNotPossible, InvalidListChange, ListArchived
from scoring.rules.lists.importing import files, lifecycle, lines, running, tasks
from scoring.rules.lists.importing.files import REJECTS, read_pieces
from scoring.rules.lists.importing.lifecycle import (
    confirm_import,
    continue_import,
    delete_old,
    discard_import,
    start_import,
)
from scoring.rules.lists.importing.target import INTO_LIST
from scoring.rules.lists.importing.tasks import run_list_import
from scoring.rules.lists.models import ListedValue, ListImport, ListImportPart
from tests.factories.lists import ANA, defined, listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every file is long: the numbers of the imports for which a worker was notified."""
    messages: list[int] = []
    monkeypatch.setattr(lifecycle, "SMALL_BYTES", 0)
    monkeypatch.setattr(lifecycle, "send_message", lambda number, task: messages.append(number))
    monkeypatch.setattr(running, "BATCH", 10)
    monkeypatch.setattr(files, "PIECE_BYTES", 64)
    return messages


def upload(text: str, **given: object) -> ListImport:
    fields = {"list_name": "stolen_cards", "file_name": "cards.csv", "size": len(text), "reason": "file"}
    return start_import(
        **{**fields, "chunks": [text.encode()], "actor": ANA, "now": timezone.now(), **given}  # type: ignore[arg-type]
    )


def cards(count: int) -> str:
    return "value\n" + "".join(f"c-{number}\n" for number in range(count))


def live() -> set[str]:
    return set(ListedValue.objects.filter(removed_version=None).values_list("value", flat=True))


def test_a_worker_checks_a_long_file_and_adds_it_once_it_is_confirmed(
    sent: list[int], django_capture_on_commit_callbacks: object
) -> None:
    defined()
    listed("stolen_cards", "c-3", now=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        row = upload(cards(95) + "c-7\nc-94\n4111111111111111\n")
    assert (row.state, sent) == ("checking", [row.number])
    with pytest.raises(ImportNotPossible, match="is checking, so it cannot be added"):
        confirm_import(number=row.number, now=timezone.now())

    assert run_list_import(row.number) == "checked"
    row.refresh_from_db()
    assert (row.lines, row.new, row.unchanged, row.repeated, row.rejected) == (98, 94, 1, 2, 1)
    assert live() == {"c-3"}

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        confirm_import(number=row.number, now=timezone.now())
    assert sent == [row.number, row.number]
    assert run_list_import(row.number) == "finished"
    row.refresh_from_db()
    assert (row.new, row.unchanged + row.repeated, row.rejected) == (94, 3, 1)
    assert live() == {f"c-{number}" for number in range(95)}
    assert run_list_import(row.number) == "finished"  # a message that arrives twice


def test_an_interrupted_import_is_continued_where_it_matters(
    sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    defined()
    row = upload(cards(35))
    run_list_import(row.number)
    confirm_import(number=row.number, now=timezone.now())

    def end(*args: object, **given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        batches = iter([None, None, end])
        original = INTO_LIST.add

        def add_or_end(*args: object, **given: object) -> object:
            return (next(batches) or original)(*args, **given)  # type: ignore[operator]

        patch.setattr(tasks, "INTO_LIST", replace(INTO_LIST, add=add_or_end))
        with pytest.raises(KeyboardInterrupt):
            run_list_import(row.number)
    assert len(live()) == 20

    with pytest.raises(ImportNotPossible, match="is adding, so it cannot be continued"):
        continue_import(number=row.number, now=timezone.now())
    continue_import(number=row.number, now=timezone.now() + timedelta(minutes=3))
    assert run_list_import(row.number) == "finished"
    assert len(live()) == 35


def test_a_discarded_import_stops_between_batches(sent: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    defined()
    row = upload(cards(35))
    run_list_import(row.number)
    confirm_import(number=row.number, now=timezone.now())
    original = INTO_LIST.add

    def add_and_discard(*args: object, **given: object) -> object:
        discard_import(number=row.number, now=timezone.now())
        return original(*args, **given)

    monkeypatch.setattr(tasks, "INTO_LIST", replace(INTO_LIST, add=add_and_discard))
    assert run_list_import(row.number) == "discarded"
    assert len(live()) == 10
    assert not ListImportPart.objects.exists()


def test_values_that_are_there_are_replaced_where_asked(sent: list[int]) -> None:
    defined()
    listed("stolen_cards", "c-1", now=timezone.now())
    row = upload(cards(3), reason="new reason", replace=True)
    run_list_import(row.number)
    row.refresh_from_db()
    assert (row.new, row.replaced, row.unchanged) == (2, 1, 0)
    confirm_import(number=row.number, now=timezone.now())
    run_list_import(row.number)
    row.refresh_from_db()
    assert (row.new, row.replaced) == (2, 1)
    assert ListedValue.objects.get(value="c-1", removed_version=None).reason == "new reason"


def test_a_list_that_is_archived_meanwhile_fails_the_import_with_the_reason(sent: list[int]) -> None:
    defined()
    row = upload(cards(3))
    archive_list(name="stolen_cards", reason="x", actor=ANA, now=timezone.now())
    assert run_list_import(row.number) == "failed"
    row.refresh_from_db()
    assert row.error == "List 'stolen_cards' is archived; restore it to change its values."
    with pytest.raises(ListArchived):
        upload(cards(3))


def test_a_default_that_is_not_allowed_is_refused_before_the_file_is_stored(sent: list[int]) -> None:
    defined()
    with pytest.raises(InvalidListChange) as refused:
        upload(cards(1), reason="r" * 201, expires_at=timezone.now() - timedelta(days=1))
    assert [problem.field for problem in refused.value.problems] == ["reason", "expires_at"]
    assert not ListImportPart.objects.exists()


def test_many_rejected_lines_come_back_whole(sent: list[int]) -> None:
    defined()
    bad = "".join(f"{'x' * 130}{number}\n" for number in range(500))
    row = upload("value\n" + bad)
    run_list_import(row.number)
    assert ListImportPart.objects.filter(what=REJECTS).count() > 1
    text = b"".join(read_pieces(row.number, REJECTS)).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [each["reject_line"] for each in rows] == [str(number) for number in range(2, 502)]
    assert rows[7]["value"] == f"{'x' * 130}7"


def test_a_file_without_a_decision_is_deleted_after_a_week(sent: list[int]) -> None:
    defined()
    row = upload(cards(3))
    run_list_import(row.number)
    now: datetime = timezone.now()
    delete_old(now=now + timedelta(days=6))
    assert ListImportPart.objects.exists()
    delete_old(now=now + timedelta(days=8))
    row.refresh_from_db()
    assert row.state == "discarded"
    assert not ListImportPart.objects.exists()


def test_lines_that_are_not_utf8_are_rejected_alone(sent: list[int]) -> None:
    defined()

    def chunks() -> Iterator[bytes]:
        yield b"value,reason\nc-1,x\n"
        yield b"c-\xff,x\nc-2,x\n"

    row = upload("", chunks=chunks())
    run_list_import(row.number)
    row.refresh_from_db()
    assert (row.new, row.rejected) == (2, 1)
    assert "is not UTF-8" in b"".join(read_pieces(row.number, REJECTS)).decode()


def test_a_compressed_file_is_read_and_a_damaged_one_refused(sent: list[int]) -> None:
    defined()
    packed = gzip.compress(cards(30).encode())
    row = upload("", chunks=[packed])
    assert run_list_import(row.number) == "checked"
    row.refresh_from_db()
    assert (row.lines, row.new) == (30, 30)
    for damaged in (packed[:-20], packed[:2] + b"no gzip at all"):
        row = upload("", chunks=[damaged])
        assert run_list_import(row.number) == "failed"
        row.refresh_from_db()
        assert "damaged" in row.error


def test_a_file_that_grows_too_long_is_refused(sent: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    defined()
    monkeypatch.setattr(lines, "MAX_LENGTH", 100)
    row = upload("", chunks=[gzip.compress(cards(100).encode())])
    assert run_list_import(row.number) == "failed"
    row.refresh_from_db()
    assert "has more than 2,000,000 lines or 100 characters; split it." in row.error
