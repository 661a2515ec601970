"""Lists narrowed by their filter forms, with chips, order and export; retries of parked entries."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from reviews.models import Case
from scoring.admin_kit.filters import exporting
from scoring.admin_kit.filters.positions import positions_recorded
from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.lanes.models import Pending
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.models import ACTOR, HAS_INDEXED_ACTOR, LogEntry
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin", password="admin"))
    return client


@pytest.fixture
def filled(api: Api) -> None:
    payloads = [payment_payload(number) for number in range(6)]
    api.post("events", payloads, prefer="wait=0.01, on_timeout=fallback")


def listed(staff: Client, page: str, **parameters: str) -> Any:
    answer = staff.get(f"/admin/scoring/{page}/", parameters)
    assert answer.status_code == 200
    return answer.context["cl"]


def rows_of(answer: HttpResponse) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def acted(actor: str, *, day: int, stream: str) -> None:
    """An entry of `actor`, `day` days after MONDAY."""
    entry = NewEntry(stream, 0, "note.taken", {}, metadata={"actor": actor})
    append([entry], now=MONDAY + timedelta(days=day))


@pytest.fixture
def a_week(db: None) -> None:
    acted("user/ana", day=-3, stream="note/1")
    acted("user/ana", day=0, stream="note/2")
    acted("user/ben", day=1, stream="note/3")
    acted("user/ana", day=6, stream="note/4")
    acted("guardrails", day=6, stream="note/5")
    acted("user/ana", day=7, stream="note/6")


@pytest.mark.parametrize(
    ("actor", "streams"),
    [("ana", ["note/4", "note/2"]), ("user/ben", ["note/3"]), ("guardrails", ["note/5"])],
)
def test_the_log_tells_what_an_actor_did_in_a_week(
    actor: str, streams: list[str], a_week: None, staff: Client
) -> None:
    found = listed(staff, "logentry", actor=actor, recorded_at_from="2026-03-02", recorded_at_to="2026-03-08")
    assert [entry.stream for entry in found.result_list] == streams
    assert [(chip.title, chip.text) for chip in found.chips] == [
        ("actor", actor),
        ("recorded", "2026-03-02 to 2026-03-08"),
    ]


def test_entries_of_an_actor_are_read_along_an_index(a_week: None) -> None:
    rows = LogEntry.objects.annotate(acting=ACTOR).filter(HAS_INDEXED_ACTOR, acting="user/ana")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows.order_by("-position")[:50].explain()
    assert "logentry_actor" in plan


def test_entries_of_a_rare_type_are_read_along_an_index(a_week: None) -> None:
    append([NewEntry(f"other/{number}", 0, "note.read", {}) for number in range(300)], now=MONDAY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE scoring_logentry")  # the plan must not depend on earlier statistics
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = LogEntry.objects.filter(type="note.taken").order_by("-position")[:50].explain()
    assert "logentry_type" in plan


def test_the_positions_of_a_period_are_found_by_halving(a_week: None) -> None:
    streams = {entry.stream: entry.position for entry in LogEntry.objects.all()}
    assert positions_recorded(since=MONDAY, until=MONDAY + timedelta(days=6)) == (
        streams["note/2"],
        streams["note/4"],
    )
    assert positions_recorded(since=MONDAY - timedelta(days=30), until=None)[0] <= streams["note/1"]
    assert positions_recorded(since=MONDAY + timedelta(days=30), until=None) == (streams["note/6"] + 1, None)


def test_an_empty_log_has_no_period(db: None) -> None:
    assert positions_recorded(since=MONDAY, until=MONDAY) == (0, 0)


def test_api_keys_are_refused_as_actors(staff: Client, filled: None) -> None:
    found = listed(staff, "logentry", actor="api_key/assay_x")
    assert (found.result_count, found.chips[0].is_invalid) == (0, True)


def test_ranges_of_scores_and_amounts_narrow_decisions(staff: Client, filled: None) -> None:
    first, second, *others = Decision.objects.order_by("position")
    Decision.objects.filter(pk=first.pk).update(score=0.91, stake=10_000)
    Decision.objects.filter(pk=second.pk).update(score=0.30, stake=9_999)
    Decision.objects.filter(pk__in=[each.pk for each in others]).update(score=0.1, stake=100)
    scored = listed(staff, "decision", score_from="30", score_to="95")
    assert {row.pk for row in scored.result_list} == {first.pk, second.pk}
    dear = listed(staff, "decision", stake_from="100")
    assert [row.pk for row in dear.result_list] == [first.pk]
    assert dear.chips[0].text == "from 100"


def test_invalid_input_selects_nothing_and_says_why(staff: Client, filled: None) -> None:
    answer = staff.get("/admin/scoring/decision/", {"score_from": "high"})
    assert answer.context["cl"].result_count == 0
    assert "The score is not a number; enter a number such as 10." in answer.content.decode()


def test_an_empty_field_is_no_filter(staff: Client, filled: None) -> None:
    found = listed(staff, "decision", score_from="", outcome__exact="")
    assert (found.chips, found.has_active_filters, found.result_count) == ([], False, 6)


def test_a_chip_is_removed_and_leaves_the_others(staff: Client, filled: None) -> None:
    found = listed(staff, "decision", event_type="payment", outcome__exact="allow", q="")
    removed = {chip.title: chip.without for chip in found.chips}
    assert "event_type=payment" in removed["outcome"]
    assert "outcome" not in removed["outcome"]


def test_events_are_narrowed_by_their_day_and_source(staff: Client, filled: None) -> None:
    today = Event.objects.latest("position").received_at.date()
    assert listed(staff, "event", received_at_from=today.isoformat()).result_count == 6
    assert listed(staff, "event", received_at_to=(today - timedelta(days=1)).isoformat()).result_count == 0
    assert listed(staff, "event", source="another").result_count == 0


def test_a_list_is_ordered_by_its_first_column(staff: Client, filled: None) -> None:
    assert "?o=0" in staff.get("/admin/scoring/event/").content.decode()  # in the head of the column
    newest, oldest = (
        [row.pk for row in listed(staff, "event", o=order).result_list] for order in ("-0", "0")
    )
    assert newest == sorted(newest, reverse=True)
    assert oldest == newest[::-1]
    assert len(newest) == 6


def test_the_export_has_the_filtered_rows_and_is_recorded(staff: Client, filled: None) -> None:
    Event.objects.filter(external_id="T-1").update(source="=1+1")
    answer = staff.get("/admin/scoring/event/export/", {"source": "=1+1"})
    rows = rows_of(answer)
    assert [(row["external_id"], row["source"]) for row in rows] == [("T-1", "'=1+1")]
    entry = LogEntry.objects.get(type="list.exported")
    assert orjson.loads(entry.metadata)["actor"] == "user/admin"
    assert orjson.loads(entry.data)["filters"] == {"source": "=1+1"}


def test_an_export_is_read_in_batches_and_capped(
    staff: Client, filled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BATCH", 2)
    monkeypatch.setattr(exporting, "MAX_ROWS", 5)
    rows = rows_of(staff.get("/admin/scoring/event/export/"))
    positions = [int(row["position"]) for row in rows]
    assert len(positions) == 5
    assert positions == sorted(positions, reverse=True)


def test_verdicts_are_exported_only_to_users_who_may_see_them(staff: Client, filled: None) -> None:
    """A case that its reviewer must judge blind: neither filter nor file tells the first verdict."""
    position = Event.objects.latest("position").position
    Case.objects.create(
        event_position=position,
        event_stream="payment/shop/T-5",
        event_type="payment",
        version=1,
        why="review",
        state="claimed",
        outcome="review",
        currency="USD",
        expected_loss=0,
        rank=0.0,
        opened_at=MONDAY,
        verdict="fraud",
        decided_by="ana",
        decided_at=MONDAY,
        claimed_by="admin",
        claimed_at=MONDAY,
        lease_until=datetime(2100, 1, 1, tzinfo=UTC),
        quality_check="second",
    )
    for parameters in ({"verdict": "fraud"}, {"reviewer": "ana"}, {"decided_at_from": "2026-03-01"}):
        assert staff.get("/admin/reviews/case/", parameters).context["cl"].result_count == 0, parameters
    (row,) = rows_of(staff.get("/admin/reviews/case/export/"))
    assert (row["verdict"], row["decided_by"], row["claimed_by"]) == ("", "", "admin")


def retry(client: Client, positions: list[int], reason: str) -> HttpResponse:
    sent = {"action": "retry", "_selected_action": [str(each) for each in positions], "reason": reason}
    answer: HttpResponse = client.post("/admin/scoring/pending/", sent, follow=True)
    return answer


def test_parked_entries_are_retried_with_a_reason(staff: Client, filled: None) -> None:
    positions = list(Pending.objects.order_by("position").values_list("position", flat=True)[:3])
    Pending.objects.filter(position__in=positions[:2]).update(state="parked", error="ValueError")
    assert "a retry needs a reason" in retry(staff, positions, " ").content.decode()
    assert Pending.objects.filter(state="parked").count() == 2
    page = retry(staff, positions, "fixed the currency").content.decode()
    assert "2 entries will be retried. 1 of the selected ones were not parked." in page
    assert not Pending.objects.filter(state="parked").exists()
    data = orjson.loads(LogEntry.objects.get(type="parked.retried").data)
    assert (data["positions"], data["reason"]) == (positions[:2], "fixed the currency")


def test_those_who_may_only_look_cannot_retry(filled: None) -> None:
    position = Pending.objects.values_list("position", flat=True)[0]
    Pending.objects.filter(position=position).update(state="parked")
    user = User.objects.create_user("clerk", password="clerk", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_pending"))
    client = Client()
    client.force_login(user)
    retry(client, [position], "because")
    assert Pending.objects.get(position=position).state == "parked"
