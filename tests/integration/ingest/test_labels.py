"""Files of labels for events that came otherwise: disputes of the past, and of today."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scoring.ingest.imports import ImportReport
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.intake.models import Label
from scoring.lanes.models import Pending
from scoring.lanes.order import iter_lane_runs
from scoring.log.models import LogEntry
from scoring.log.read import read_positions, read_stream
from scoring.states.history import needs_new_order, sequence_history, waiting_history
from scoring.states.reorder import reorder_lane
from tests.factories.imports import ingest_file

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LANE = "commerce"
PAYMENTS = ColumnMapping("payment", source="shop", id=("reference",))
DISPUTES = ColumnMapping(
    "payment",
    source="shop",
    id=("psp_reference",),
    label=LabelMapping(
        "reason_code", {"10.4": "fraud", "4837": "fraud", "*": ""}, "dispute_date", "chargeback"
    ),
)


@pytest.fixture(autouse=True)
def _rejects_in_tmp(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


def write(path: Path, header: str, rows: Sequence[str]) -> Path:
    path.write_text("\n".join([header, *rows, ""]))
    return path


def take_payments(directory: Path, days: range, *, name: str = "payments.csv") -> ImportReport:
    """A payment at noon of each day of March 2025."""
    rows = [f"P{day},2025-03-{day:02}T12:00:00Z,c{day},u,m,10.00" for day in days]
    path = write(directory / name, "reference,occurred_at,card,customer,merchant,amount", rows)
    return ingest_file(path, mapping=PAYMENTS, history=True, clock=lambda: NOW)


def take_disputes(directory: Path, rows: Sequence[str], *, history: bool = True) -> ImportReport:
    header = "psp_reference,dispute_date,amount,currency,reason_code,status,"
    path = write(directory / f"disputes-{len(list(directory.iterdir()))}.csv", header, rows)
    return ingest_file(path, mapping=DISPUTES, history=history, labels_only=True, clock=lambda: NOW)


def order() -> list[str]:
    positions = [position for run in iter_lane_runs(LANE, items=100) for position in run.positions.tolist()]
    return [
        ("+" if entry.type.startswith("label") else "") + entry.stream.rsplit("/P")[1]
        for entry in read_positions(positions)
    ]


def said(event_id: str) -> list[Mapping[str, Any]]:
    return [entry.data for entry in read_stream(f"label/payment/shop/{event_id}")]


def test_disputes_of_waiting_history_go_with_their_events(tmp_path: Path, online_redis: Any) -> None:
    take_payments(tmp_path, range(1, 6))
    report = take_disputes(
        tmp_path,
        [
            "P1,2025-03-03,10.00,USD,10.4,lost,",
            "P2,2025-03-04,10.00,USD,13.3,won,",  # another reason: says nothing of fraud
            "P3,2025-03-03,10.00,USD,4837,open,",  # the day of the payment
            "P4,2025-03-02,10.00,USD,4837,open,",  # before it
            "P9,2025-03-20,10.00,USD,10.4,open,",  # an event that has not arrived
        ],
    )
    assert (report.read, report.accepted, report.silent, report.rejected, report.held) == (5, 3, 1, 1, 1)
    assert "dispute_date is before the event" in Path(report.rejects).read_text()
    assert said("P3")[0]["known_at"] == "2025-03-03T23:59:59.999999Z"
    assert set(report.unmapped) == {"amount", "currency", "status"}
    sequence_history(LANE)
    assert order() == ["1", "2", "3", "+1", "+3", "4", "5"]
    assert Pending.objects.get().state == Pending.State.HELD


def test_disputes_of_sequenced_history_wait_for_a_new_order(tmp_path: Path, online_redis: Any) -> None:
    take_payments(tmp_path, range(1, 6))
    sequence_history(LANE)
    take_disputes(tmp_path, ["P1,2025-03-03,,,10.4,,", "P5,2025-03-09,,,10.4,,"])
    assert sequence_history(LANE) == 0  # not behind events whose features could have known it
    assert order() == ["1", "2", "3", "4", "5"]
    assert (waiting_history(LANE).late_labels, needs_new_order(LANE)) == (1, True)
    assert [row["value"] for row in said("P1")] == ["fraud"]  # training knows it already
    reorder_lane(LANE, reason="test")
    assert order() == ["1", "2", "3", "+1", "4", "5"]
    take_payments(tmp_path, range(10, 12), name="more.csv")
    sequence_history(LANE)
    assert order() == ["1", "2", "3", "+1", "4", "5", "+5", "10", "11"]


def test_a_dispute_that_came_before_its_payment_finds_its_place(tmp_path: Path, online_redis: Any) -> None:
    take_disputes(tmp_path, ["P2,2025-03-03,,,10.4,,"])
    take_payments(tmp_path, range(1, 6))
    sequence_history(LANE)
    assert order() == ["1", "2", "3", "+2", "4", "5"]


def test_the_same_disputes_again_change_nothing(tmp_path: Path, online_redis: Any) -> None:
    take_payments(tmp_path, range(1, 3))
    take_disputes(tmp_path, ["P1,2025-03-03,,,10.4,,"])
    before = LogEntry.objects.filter(type="label.recorded").count()
    report = take_disputes(tmp_path, ["P1,2025-03-05,,,10.4,,", "P2,2025-03-05,,,13.3,,"])
    assert (report.accepted, report.duplicate, report.silent) == (0, 1, 1)
    assert LogEntry.objects.filter(type="label.recorded").count() == before


def test_only_history_sets_the_past(tmp_path: Path, online_redis: Any) -> None:
    take_payments(tmp_path, range(1, 3))
    sequence_history(LANE)
    report = take_disputes(tmp_path, ["P1,2025-03-03,,,10.4,,", "P9,2025-03-03,,,10.4,,"], history=False)
    assert (report.accepted, report.held) == (2, 1)
    assert set(Label.objects.values_list("known_at", flat=True)) == {NOW}
    assert said("P1")[0]["reported_at"] == "2025-03-03T23:59:59.999999Z"


def test_ids_made_of_fields_are_made_alike(tmp_path: Path) -> None:
    composite = ColumnMapping("payment", source="shop", id=("reference", "occurred_at"))
    path = write(
        tmp_path / "p.csv",
        "reference,occurred_at,card,customer,merchant,amount",
        ["7.0,2025-03-01T13:00:00+01:00,c,u,m,1"],
    )
    ingest_file(path, mapping=composite, history=True, clock=lambda: NOW)
    labels = ColumnMapping(
        "payment",
        source="shop",
        id=("ref", "paid"),
        fields={"occurred_at": "paid"},
        label=LabelMapping(value="fraud", known_at="known"),
    )
    path = write(tmp_path / "l.csv", "ref,paid,known", ["7,2025-03-01T12:00:00Z,2025-03-02"])
    report = ingest_file(path, mapping=labels, history=True, labels_only=True, clock=lambda: NOW)
    assert (report.accepted, report.held) == (1, 0)


def test_the_command_takes_disputes_and_says_what_waits(
    tmp_path: Path, online_redis: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    take_payments(tmp_path, range(1, 6))
    sequence_history(LANE)
    path = write(tmp_path / "d.csv", "psp;date;reason", ["P1;03.03.2025;10.4", "P2;04.03.2025;13.3"])
    options = {
        "type": "payment",
        "source": "shop",
        "id": "psp",
        "label": "reason:10.4=fraud,*=",
        "label_known_at": "date",
        "label_time_format": "%d.%m.%Y",
        "label_source": "chargeback",
        "labels_only": True,
        "history": True,
        "verbosity": 0,
    }
    call_command("ingest", str(path), **options)
    told = capsys.readouterr().out
    assert "2 rows = 1 accepted + 0 duplicate + 1 without a label + 0 rejected" in told
    assert "1 labels became known before entries that the lane has already applied" in told
    call_command("sequence", LANE, reorder=True, verbosity=0)
    assert order() == ["1", "2", "3", "+1", "4", "5"]
    with pytest.raises(CommandError, match="Unknown lane 'trade'"):
        call_command("sequence", "trade")
