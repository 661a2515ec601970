"""An import that is stopped anywhere and started again ends as if it had never been stopped."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from scoring.ingest import imports
from scoring.ingest.imports import ImportReport
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.intake.models import Event, Label
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.log.models import LogEntry
from tests.factories.imports import ingest_file
from tests.waiting import wait_until

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHUNK = 20
LABEL = LabelMapping("is_fraud", {"1": "fraud", "0": "legitimate"}, "known_at", "chargeback")
COLUMNS = ("id", "occurred_at", "card", "customer", "merchant", "amount", "is_fraud", "known_at")


class Stop(BaseException):
    """Stands for the process being killed."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "HISTORY_CHUNK", CHUNK)


def write_rows(path: Path, count: int, *, seed: int) -> Path:
    """Good rows among repeated ids, with the same and with other payloads, bad amounts and short lines."""
    draw = random.Random(seed)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(count):
            identity = draw.randrange(count)
            amount = draw.choice([f"{identity}.50"] * 8 + [f"{identity}.75", "x"])
            second = f"2019-01-01T{identity // 3600 % 24:02}:{identity // 60 % 60:02}:{identity % 60:02}Z"
            cells = [
                f"T-{identity}",
                second,
                "c",
                "u",
                "m",
                amount,
                draw.choice("01"),
                "2019-02-01T00:00:00Z",
            ]
            writer.writerow(cells[: 3 if number % 37 == 5 else None])
    return path


def mapping(source: str) -> ColumnMapping:
    return ColumnMapping("payment", source=source, label=LABEL)


def ingest(path: Path, source: str, **more: Any) -> ImportReport:
    more.setdefault("rejects", path.parent / f"{source}.csv")
    return ingest_file(path, mapping=mapping(source), history=True, clock=lambda: NOW, **more)


def everything_of(source: str) -> list[list[tuple[Any, ...]]]:
    """Log, projections and queue in order of position, without the positions and the name of the source."""

    def plain(rows: Any) -> list[tuple[Any, ...]]:
        return [tuple(str(cell).replace(source, "") for cell in row) for row in rows]

    log = LogEntry.objects.filter(stream__contains=f"/{source}/").order_by("position")
    events = Event.objects.filter(source=source).order_by("position")
    labels = Label.objects.filter(event_stream__contains=f"/{source}/").order_by("position")
    waiting = Pending.objects.filter(event_stream__contains=f"/{source}/").order_by("position")
    return [
        plain(log.values_list("stream", "stream_version", "type", "data", "metadata")),
        plain(events.values_list("type", "external_id", "occurred_at", "history")),
        plain(labels.values_list("event_stream", "value", "previous", "effective", "known_at")),
        plain(waiting.values_list("event_stream", "kind", "state", "lane", "due_at")),
    ]


def outcome(report: ImportReport) -> tuple[int, ...]:
    return report.read, report.accepted, report.duplicate, report.rejected, report.labels


def assert_as_if_never_stopped(directory: Path, stopped: ImportReport, whole: ImportReport) -> None:
    assert outcome(stopped) == outcome(whole)
    assert stopped.read == stopped.accepted + stopped.duplicate + stopped.rejected
    assert stopped.rejected > 0
    assert everything_of("stopped") == everything_of("whole")
    assert (directory / "stopped.csv").read_bytes() == (directory / "whole.csv").read_bytes()


@pytest.mark.django_db
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("after", [1, 2, 4])
def test_stopped_between_chunks_it_goes_on_with_the_next(tmp_path: Path, after: int) -> None:
    path = write_rows(tmp_path / "rows.csv", 90, seed=1)
    taken: list[int] = []

    def stop(rows: int) -> None:
        taken.append(rows)
        if len(taken) == after:
            raise Stop

    with pytest.raises(Stop):
        ingest(path, "stopped", progress=stop)
    resumed: list[int] = []
    report = ingest(path, "stopped", progress=resumed.append)
    assert resumed[0] == after * CHUNK  # a bar starts where the first run ended
    assert sum(resumed) == 90
    assert_as_if_never_stopped(tmp_path, report, ingest(path, "whole"))


# What a chunk does in turn: the log and its projections, the queue, the rejects and the note of the progress.
STEPS = [(pending, "copy_values"), (pending, "_move_held_into_history"), (imports, "append")]


@pytest.mark.django_db
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("module", "step"), STEPS, ids=[name for _, name in STEPS])
def test_stopped_within_a_chunk_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    path = write_rows(tmp_path / "rows.csv", 90, seed=2)
    real, calls = getattr(module, step), iter(range(100))

    def stop_at_the_third(*arguments: Any, **more: Any) -> Any:
        if next(calls) == 2:
            raise Stop
        return real(*arguments, **more)

    monkeypatch.setattr(module, step, stop_at_the_third)
    with pytest.raises(Stop):
        ingest(path, "stopped")
    monkeypatch.setattr(module, step, real)
    assert (
        Event.objects.filter(source="stopped").count()
        == LogEntry.objects.filter(type="event.received").count()
    )
    report = ingest(path, "stopped")
    assert_as_if_never_stopped(tmp_path, report, ingest(path, "whole"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_process_leaves_nothing_that_a_second_one_cannot_finish(
    tmp_path: Path, process_environment: dict[str, str], seed: int
) -> None:
    path = write_rows(tmp_path / "rows.csv", 25_000, seed=3)
    command = [sys.executable, "manage.py", "ingest", str(path), "--type", "payment", "--source", "stopped"]
    command += ["--label", "is_fraud:1=fraud,0=legitimate", "--label-known-at", "known_at"]
    command += ["--label-source", "chargeback", "--history", "--no-sequence", "--verbosity", "0"]
    command += ["--rejects", str(tmp_path / "stopped.csv")]
    where = {"cwd": settings.BASE_DIR, "env": process_environment}
    draw = random.Random(seed)
    process = subprocess.Popen(command, start_new_session=True, **where)
    wait_for_first_chunk(process)
    time.sleep(draw.uniform(0, 1))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed_at = Event.objects.filter(source="stopped").count()
    assert killed_at
    wait_until_the_server_has_noticed()
    finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, **where)
    assert finished.returncode == 1  # rows were rejected
    assert "25,000 rows = " in finished.stdout
    whole = ingest(path, "whole")
    stopped = ingest(path, "stopped")  # finished: this only reads what became of it
    assert_as_if_never_stopped(tmp_path, stopped, whole)


def wait_for_first_chunk(process: subprocess.Popen[bytes]) -> None:
    def is_committed() -> bool:
        assert process.poll() is None, "the import ended before its first chunk"
        return LogEntry.objects.filter(type="import.progressed").exists()

    wait_until(is_committed, seconds=60)


def wait_until_the_server_has_noticed() -> None:
    """The killed process's session ends, and with it its transaction and its lock."""

    def is_free() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
            return bool(cursor.fetchone()[0] == 0)

    wait_until(is_free, seconds=10)
