"""Faults of senders are named with field, sender and hour; quiet senders are fine."""

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from monitoring.metrics.registry import metrics
from monitoring.models import FieldDay, FieldWindow, QualityBaseline, SenderWindow, SubmissionWindow
from monitoring.quality.judging import Reading, State
from monitoring.quality.learning import learn_baselines
from monitoring.quality.observing import read_fields, read_senders
from monitoring.quality.windows import (
    HOURS_KEPT,
    QUALITY,
    add_to_quality_windows,
    move_submissions,
    prune_quality_windows,
)
from reviews.investigation.query.query import TIME, query_from
from scoring.intake.refusals import MISSING, REFUSED, REPEATED
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up, rebuild_consumer, run_consumer
from scoring.rules.expressions.compiling import compile_expression
from scoring.signals.redis_connections import client
from scoring.signals.submissions import KEY, Submitted, submission_counts
from tests.factories.log import NOW as LOG_NOW
from tests.factories.log import received
from tests.integration.monitoring.made_up_senders import HOUR, NOW, Fault, Fields, payments

pytestmark = pytest.mark.django_db

THIS = NOW.replace(minute=0)
SINCE = THIS - 2 * HOUR  # when the faults begin
WEEK = timedelta(days=7)
HOURS_A_DAY = (9, 10, 11, 12)


@pytest.fixture
def no_submissions() -> None:
    """Redis keeps the counts of earlier tests."""
    submission_counts.send()
    client().delete(*(KEY.format(hour=hour) for hour in (THIS - HOUR, THIS)))


def no_device(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name != "device"}


def cents(fields: Fields) -> Fields:
    return {**fields, "amount": {**fields["amount"], "minor": 100 * fields["amount"]["minor"]}}


def new_category(fields: Fields) -> Fields:
    return {**fields, "category": "crypto"}


def swapped(fields: Fields) -> Fields:
    return {**fields, "customer": fields["merchant"], "merchant": fields["customer"]}


FAULTS: dict[str, tuple[Fault, set[tuple[str, str]]]] = {
    "no-device": (no_device, {("device", "missing")}),
    "cents": (cents, {("amount", "unusual")}),
    "crypto": (new_category, {("category", "unusual")}),
    "swapped": (swapped, {("customer", "unusual"), ("merchant", "unusual")}),
    "well": (dict, set()),
}


def add(source: str, start: datetime, *, count: int = 60, **how: object) -> None:
    add_to_quality_windows(list(payments(source, start, count=count, **how)), now=start + HOUR)  # type: ignore[arg-type]


def live_for_days(*sources: str, days: int = 4) -> None:
    """Usual payments in some hours of the last days, up to before the faults, and what is usual of them."""
    for source in sources:
        for start in usual_hours(days):
            add(source, start, count=15)
    learn_baselines(now=NOW)


def usual_hours(days: int) -> Iterator[datetime]:
    for day in range(1, days + 1):
        for hour in HOURS_A_DAY:
            yield (THIS - timedelta(days=day)).replace(hour=hour)


def found(readings: tuple[Reading, ...]) -> set[tuple[str, datetime | None]]:
    return {(str(each.kind), each.since) for each in readings if each.has_left_fine}


def test_a_fault_is_named_with_its_field_its_sender_and_its_hour() -> None:
    live_for_days(*FAULTS)
    for source, (fault, _) in FAULTS.items():
        for start in (SINCE - HOUR, SINCE - 2 * HOUR):
            add(source, start)
        for start in (SINCE, SINCE + HOUR):
            add(source, start, fault=fault)

    left_fine = {
        (each.field.source, each.field.field, *what)
        for each in read_fields(now=NOW)
        for what in found(each.readings)
    }

    assert left_fine == {
        (source, field, kind, SINCE) for source, (_, changes) in FAULTS.items() for field, kind in changes
    }


def test_alerts_are_told_what_changed() -> None:
    live_for_days("no-device")
    add("no-device", SINCE - HOUR)
    for start in (SINCE, SINCE + HOUR):
        add("no-device", start, fault=no_device)

    seen = {each.scope["field"]: each for each in metrics()["quality.missing_share"].observe(now=NOW)}

    device = seen["device"]
    assert device.value == pytest.approx(0.8, abs=0.1)
    assert device.low is not None
    assert device.low > 0.4
    assert device.rows == 60
    assert device.path == "data-quality/?type=payment&source=no-device"
    assert device.because.startswith(
        "device of payment events from no-device is missing in 100.0\N{NO-BREAK SPACE}% of events since"
        " 2026-03-04 10:00 UTC; usual is"
    )
    assert {name: each.because for name, each in seen.items() if name != "device" and each.because} == {}
    assert seen["ip"].value == 0  # never there, and so not missing more than usual


def test_a_shifted_clock_is_told_from_the_time_zone_that_it_looks_like() -> None:
    live_for_days("slipped")
    for start in (SINCE, SINCE + HOUR):
        add("slipped", start, delay=timedelta(hours=2))

    [sender] = read_senders(now=NOW)
    [skew] = metrics()["quality.clock_skew"].observe(now=NOW)

    assert found((sender.delay,)) == {("delay", SINCE)}
    assert skew.value == pytest.approx(7_200, abs=60)
    assert "arrive 2 h after they occur since 2026-03-04 10:00 UTC" in skew.because
    assert "The shift of about 2 h suggests a wrong time zone." in skew.because


def test_events_that_come_days_later_are_too_late() -> None:
    live_for_days("backlog")
    add("backlog", SINCE, count=40)
    add("backlog", SINCE + HOUR, count=40, delay=timedelta(days=3))

    [late] = metrics()["quality.too_late"].observe(now=NOW)

    assert late.value == 1.0
    assert (
        "100.0\N{NO-BREAK SPACE}% of the events from backlog (payment) arrive more than a day late"
        in late.because
    )


@pytest.mark.parametrize(("count", "metric"), [(0, "quality.volume_low"), (400, "quality.volume_high")])
def test_a_stop_and_a_burst_are_found_in_the_hour_after(count: int, metric: str) -> None:
    for week in (1, 2, 3, 4):
        for start in (SINCE, SINCE + HOUR):
            add("weekly", start - week * WEEK)
    live_for_days("weekly")
    add("weekly", SINCE)
    if count:
        add("weekly", SINCE + HOUR, count=count)

    [volume] = metrics()[metric].observe(now=NOW)

    assert volume.value == pytest.approx(count / 60)
    assert volume.low is not None
    assert volume.high is not None
    assert not volume.low <= 1 <= volume.high
    assert f"weekly (payment) sent {count} events in the hour from 2026-03-04 11:00 UTC" in volume.because
    assert "since 2026-03-04 11:00 UTC" in volume.because


def test_nothing_is_expected_of_a_new_sender() -> None:
    add("new", SINCE + HOUR)
    learn_baselines(now=NOW)

    [volume] = metrics()["quality.volume_low"].observe(now=NOW)
    values = [each.value for each in metrics()["quality.missing_share"].observe(now=NOW)]

    assert volume.value is None
    assert set(values) == {None}


@pytest.mark.usefixtures("no_submissions")
def test_refused_and_repeated_events_are_counted_by_field_and_kind() -> None:
    live_for_days("shop")
    add("shop", SINCE + HOUR)
    refused = Submitted("payment", "shop", "", REFUSED)
    missing = Submitted("payment", "shop", "amount", MISSING)
    submission_counts.add([refused, missing] * 30, now=THIS - HOUR)
    submission_counts.add([Submitted("payment", "shop", "", REPEATED)] * 20, now=THIS - HOUR)

    assert move_submissions(now=NOW) == 3
    assert move_submissions(now=NOW) == 3  # again: the same numbers
    assert sum(SubmissionWindow.objects.values_list("count", flat=True)) == 80
    [share] = metrics()["quality.refused_share"].observe(now=NOW)
    [repeated] = metrics()["quality.duplicates"].observe(now=NOW)

    assert share.value == pytest.approx(30 / 90)
    assert "refused since 2026-03-04 11:00 UTC" in share.because
    assert "Most often amount is missing." in share.because
    assert repeated.value == pytest.approx(20 / 80)


@pytest.mark.django_db(transaction=True)
def test_windows_are_the_same_however_entries_were_batched_and_when_they_are_rebuilt() -> None:
    fields = {"merchant": "m-1", "category": "travel"}
    append([received(f"T-{number}", **fields) for number in range(7)], now=LOG_NOW)
    while not run_consumer(QUALITY, now=LOG_NOW, limit=3).caught_up:
        pass
    before = rows()

    rebuild_consumer(QUALITY, now=LOG_NOW)

    assert rows() == before
    sender = SenderWindow.objects.get()
    assert (sender.received, sender.live, sender.ahead, sender.late) == (7, 7, 0, 0)
    device = FieldWindow.objects.get(field="device")
    category = FieldDay.objects.get(field="category")
    assert (device.present, device.missing, device.bins) == (0, 7, {})
    assert (category.present, list(category.bins.values())) == (7, [7])


def rows() -> list[dict[str, object]]:
    found = [
        row for model in (SenderWindow, FieldWindow, FieldDay) for row in model._default_manager.values()
    ]
    for row in found:
        del row["id"]
    return sorted(found, key=str)


@pytest.mark.django_db(transaction=True)
def test_loaded_history_says_what_is_usual_and_nothing_of_volumes_and_delays() -> None:
    append([received("H-1", history=True)], now=LOG_NOW)

    catch_up(QUALITY, now=LOG_NOW)

    sender = SenderWindow.objects.get()
    assert (sender.received, sender.live, sender.delays) == (1, 0, {})
    assert sender.start == LOG_NOW.replace(minute=0)


def test_old_windows_are_deleted() -> None:
    add("shop", SINCE, count=1)
    fields = FieldWindow.objects.count()

    assert prune_quality_windows(now=NOW) == 0
    assert prune_quality_windows(now=NOW + HOURS_KEPT) == fields
    assert FieldDay.objects.count() == fields


def test_baselines_are_renewed_once_a_day() -> None:
    live_for_days("shop")
    known = QualityBaseline.objects.count()

    assert known > 0
    assert learn_baselines(now=NOW + HOUR) == 0
    assert learn_baselines(now=NOW + 21 * HOUR) == known


def test_baselines_that_were_learned_while_history_was_counted_are_renewed() -> None:
    live_for_days("shop", days=3)
    for hour in HOURS_A_DAY:
        add("shop", (THIS - timedelta(days=9)).replace(hour=hour), count=15)

    assert learn_baselines(now=NOW + timedelta(minutes=1)) > 0
    assert learn_baselines(now=NOW + timedelta(minutes=2)) == 0


def test_values_of_a_field_that_never_had_any_are_not_judged() -> None:
    live_for_days("new-field")
    for start in (SINCE, SINCE + HOUR):
        add("new-field", start, fault=lambda fields: {**fields, "customer_city_pop": 1_000})

    [population] = [each for each in read_fields(now=NOW) if each.field.field == "customer_city_pop"]

    assert population.unusual is not None
    assert population.unusual.state is State.UNKNOWN
    assert population.missing.state is State.FINE


def test_many_senders_cost_as_many_queries_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    live_for_days("one", "two", "three", days=3)  # as many days as are needed

    with django_assert_num_queries(2):
        read_fields(now=NOW)
    with django_assert_num_queries(3):
        read_senders(now=NOW)


def test_the_page_says_what_changed_and_leads_to_the_sender(
    admin_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    live_for_days("shop", "no-device")
    for source, fault in (("shop", None), ("no-device", no_device)):
        for start in (SINCE, SINCE + HOUR):
            add(source, start, fault=fault)

    with django_assert_max_num_queries(20):
        page = admin_client.get("/admin/data-quality/?type=payment").content.decode()
    of_one = admin_client.get("/admin/data-quality/?type=payment&source=no-device").content.decode()
    of_other = admin_client.get("/admin/data-quality/?type=payment&source=shop").content.decode()

    sentence = "device of payment events from no-device is missing in"
    assert sentence in page
    assert "?type=payment&source=no-device" in page.replace("&amp;", "&")
    assert sentence in of_one
    assert "Missing values of device by hour" in of_one
    assert sentence not in of_other
    assert "The sender sends what is usual." in of_other
    assert admin_client.get("/admin/data-quality/?type=unheard_of").status_code == 404


def hrefs(page: str) -> list[tuple[str, dict[str, str]]]:
    """The links to the console as (condition, other parameters)."""
    queries = re.findall(r'href="/admin/investigate/\?([^"]+)"', page)
    found = [dict(parse_qsl(html.unescape(query))) for query in queries]
    return [(each.pop("q"), each) for each in found]


def test_a_field_leads_to_its_events_since_the_change(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    live_for_days("shop", "no-device")
    for source, fault in (("shop", None), ("no-device", no_device)):
        for start in (SINCE, SINCE + HOUR):
            add(source, start, fault=fault)

    of_one = admin_client.get("/admin/data-quality/?type=payment&source=no-device").content.decode()
    of_all = admin_client.get("/admin/data-quality/?type=payment").content.decode()

    found = hrefs(of_one)
    of_sender, of_missing = 'source == "no-device"', 'source == "no-device" && !has(device)'
    period = {"type": "payment", "period": "custom", "since": f"{SINCE:{TIME}}", "until": f"{NOW:{TIME}}"}
    assert (of_missing, period) in found
    assert (of_sender, {**period, "top": "device"}) in found
    a_day = {**period, "since": f"{NOW - 24 * HOUR:{TIME}}"}
    assert (of_sender, {**a_day, "distribution": "amount"}) in found
    assert (of_sender, {**a_day, "top": "category"}) in found
    assert {condition for condition, _ in hrefs(of_all)} == {of_sender, 'source == "shop"'}
    for condition, parameters in found:
        query = query_from({"q": condition, **parameters}, now=NOW)
        compile_expression(query.condition, query.operands)


def test_no_field_leads_to_the_console_for_those_who_may_not_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    add("shop", SINCE)
    user = User.objects.create_user("visitor", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_hourlywindow"))
    client = Client()
    client.force_login(user)
    page = client.get("/admin/data-quality/?type=payment&source=shop").content.decode()
    assert "amount" in page
    assert hrefs(page) == []


def test_the_page_of_a_type_without_events_says_so(admin_client: Client) -> None:
    assert (
        "No event of refund in the last day."
        in admin_client.get("/admin/data-quality/?type=refund").content.decode()
    )
