"""What a decision reads of batch views: the right version, the right values, and what happens without."""

import math
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.models import BatchWindow
from monitoring.overview.attention import notices
from monitoring.overview.facts import read_facts
from monitoring.windows.batch_views import BATCH_VIEWS, read_freshness
from scoring.batch import publishing
from scoring.batch.models import BatchVersion
from scoring.batch.publishing import publish
from scoring.batch.serve import online
from scoring.batch.stored import read_tables
from scoring.batch.tasks import reload_lost_versions
from scoring.intake.models import Event
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.entries import Entry
from scoring.log.read import read_positions
from scoring.signals import redis_connections as connections
from tests.factories.sales import DAY, HOUR, MINUTE, NOON, Sale
from tests.integration.batch_online.conftest import Shop, batch_values, decisions, publish_all

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
FIRST = {"sale.habits": 1, "sale.rush": 1, "sale.taste": 1}
NOTHING = dict.fromkeys(FIRST)


def read(entries: list[Entry]) -> list[dict[str, int | None]]:
    return [entry.data["batch"] for entry in entries]


def plainly(entry: Entry, *, habits: datetime, rush: datetime) -> list[float]:
    """The batch values in plain words, from the events before the moments of two versions."""
    fields = fields_of(entry.data["event_position"])
    mine = [
        other["amount"]["minor"]
        for _, other in events_between(habits - 7 * DAY, habits)
        if other["customer"] == fields["customer"]
    ]
    theirs = [
        moment
        for moment, other in events_between(rush - DAY, rush)
        if other["merchant"] == fields["merchant"]
    ]
    recent = sum(moment >= rush - HOUR for moment in theirs)
    return [
        len(mine),
        fields["amount"]["minor"] / median(mine),
        affinity(fields["customer"], fields["merchant"]),
        recent / (len(theirs) / 24),
        recent,
    ]


def fields_of(position: int) -> dict[str, Any]:
    return dict(read_positions([position])[0].data["fields"])


def events_between(since: datetime, until: datetime) -> list[tuple[datetime, dict[str, Any]]]:
    found = Event.objects.filter(occurred_at__gte=since, occurred_at__lt=until)
    return [(event.occurred_at, fields_of(event.position)) for event in found]


def affinity(customer: str, merchant: str) -> float:
    version = BatchVersion.objects.get(view="sale.taste", number=1)
    customers, merchants = read_tables(Sale.taste, version)
    a = customers.matrix[customers.keys.index(customer)]
    b = merchants.matrix[merchants.keys.index(merchant)]
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def test_a_decision_reads_the_values_of_the_versions_valid_when_its_event_came(shop: Shop) -> None:
    shop.sell(6, at=NOON - 20 * MINUTE)
    assert publish_all(at=NOON) == [1, 1, 1]
    for entry in decisions(shop.sell(5, at=NOON + 2 * MINUTE)):
        assert entry.data["batch"] == FIRST
        expected = plainly(entry, habits=NOON.replace(hour=0), rush=NOON)
        assert batch_values(entry) == pytest.approx(expected, rel=1e-12)


def test_without_a_valid_version_values_are_missing_and_the_decision_says_so(shop: Shop) -> None:
    before = shop.sell(2, at=NOON - 20 * MINUTE)
    publish_all(at=NOON)
    too_soon = shop.sell(2, at=NOON + 20 * SECOND)
    for entry in decisions([*before, *too_soon]):
        assert entry.data["batch"] == NOTHING
        assert all(map(math.isnan, batch_values(entry)))


def test_each_event_of_a_batch_reads_what_was_valid_when_it_came(shop: Shop) -> None:
    shop.sell(4, at=NOON - 20 * MINUTE)
    publish_all(at=NOON)
    shop.sell(6, at=NOON + 5 * MINUTE)
    assert publish_all(at=NOON + 10 * MINUTE) == [2]  # a trend; the others are not due
    before = shop.receive(3, at=NOON + 10 * MINUTE + 15 * SECOND)
    after = shop.receive(3, at=NOON + 12 * MINUTE)
    shop.work()
    assert read(decisions(before)) == [FIRST] * 3
    assert read(decisions(after)) == [FIRST | {"sale.rush": 2}] * 3
    for numbers, moment in ((before, NOON), (after, NOON + 10 * MINUTE)):
        for entry in decisions(numbers):
            expected = plainly(entry, habits=NOON.replace(hour=0), rush=moment)
            assert batch_values(entry) == pytest.approx(expected, rel=1e-12)


def test_a_runner_learns_of_a_version_while_it_works(shop: Shop) -> None:
    publish_all(at=NOON)
    runner = shop.runner()
    first = shop.receive(2, at=NOON + 9 * MINUTE + 55 * SECOND)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        shop.step(runner)
        shop.receive(2, at=NOON + 10 * MINUTE)
        shop.step(runner)
    assert sum("scoring_batchversion" in query["sql"] for query in queries) == 1
    publish_all(at=NOON + 10 * MINUTE + SECOND)
    after = shop.receive(2, at=NOON + 10 * MINUTE + 40 * SECOND)
    shop.step(runner)
    assert read(decisions(first)) == [FIRST] * 2
    assert read(decisions(after)) == [FIRST | {"sale.rush": 2}] * 2


def test_a_version_that_is_too_old_is_not_read(shop: Shop) -> None:
    publish_all(at=NOON)
    in_time = shop.sell(2, at=NOON + 45 * MINUTE)
    stale = shop.sell(3, at=NOON + 45 * MINUTE + SECOND)
    assert read(decisions(in_time)) == [FIRST] * 2
    assert read(decisions(stale)) == [FIRST | {"sale.rush": None}] * 3
    for entry in decisions(stale):
        assert [math.isnan(value) for value in batch_values(entry)] == [False, False, False, True, True]


def test_an_entity_that_is_new_or_missing_has_no_values_of_a_fresh_version(shop: Shop) -> None:
    publish_all(at=NOON)
    (new,) = decisions(shop.sell(1, at=NOON + 5 * MINUTE, customer="nobody knows"))
    (without,) = decisions(shop.sell(1, at=NOON + 5 * MINUTE, merchant=None))
    assert read([new, without]) == [FIRST] * 2
    assert [math.isnan(value) for value in batch_values(new)] == [True, True, True, False, False]
    assert [math.isnan(value) for value in batch_values(without)] == [False, False, True, True, True]


def test_what_redis_has_lost_is_missing_until_it_is_loaded_again(shop: Shop, online_redis) -> None:
    publish_all(at=NOON)
    online_redis.flushdb()
    lost = shop.sell(3, at=NOON + 5 * MINUTE)
    assert reload_lost_versions() == {key: [1] for key in FIRST}
    assert reload_lost_versions() == {}
    again = shop.sell(3, at=NOON + 6 * MINUTE)
    assert read(decisions(lost)) == [NOTHING] * 3
    assert read(decisions(again)) == [FIRST] * 3
    for entry in decisions(again):
        expected = plainly(entry, habits=NOON.replace(hour=0), rush=NOON)
        assert batch_values(entry) == pytest.approx(expected, rel=1e-12)


def test_versions_that_waiting_events_read_are_loaded_again_as_well(shop: Shop, online_redis) -> None:
    publish_all(at=NOON)
    waiting = shop.receive(2, at=NOON + 5 * MINUTE)
    for moment in (10, 20, 30):
        publish(Sale.rush, now=NOON + moment * MINUTE)
    online_redis.flushdb()
    for view in Sale.batch_views.values():
        publishing.reload_lost(view, now=NOON + 35 * MINUTE)
    shop.work()
    assert read(decisions(waiting)) == [FIRST] * 2


def test_a_publisher_that_dies_before_its_entry_changes_nothing(shop: Shop, monkeypatch) -> None:
    publish_all(at=NOON)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    # A merchant of whom the version that never was knows something, and the next one nothing.
    late = NOON + 12 * MINUTE - DAY
    shop.sell(1, at=NOON + 5 * MINUTE, occurred=late, merchant="merchant-fading", customer="late")
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "append", die)
        with pytest.raises(KeyboardInterrupt):
            publish(Sale.rush, now=NOON + 10 * MINUTE)
    assert read(decisions(shop.sell(2, at=NOON + 15 * MINUTE))) == [FIRST] * 2
    shop.sell(3, at=NOON + 19 * MINUTE)
    assert publish_all(at=NOON + 20 * MINUTE) == [2]
    for entry in decisions(shop.sell(3, at=NOON + 22 * MINUTE)):
        assert entry.data["batch"] == FIRST | {"sale.rush": 2}
        expected = plainly(entry, habits=NOON.replace(hour=0), rush=NOON + 20 * MINUTE)
        assert batch_values(entry) == pytest.approx(expected, rel=1e-12)
    (fading,) = decisions(shop.sell(1, at=NOON + 23 * MINUTE, merchant="merchant-fading"))
    assert all(map(math.isnan, batch_values(fading)[-2:]))


def test_a_load_that_ends_half_way_has_not_happened(shop: Shop, monkeypatch) -> None:
    publish_all(at=NOON)
    (version,) = BatchVersion.objects.filter(view="sale.taste")
    tables = read_tables(Sale.taste, version)
    client, writes = connections.client(), []
    hset = client.hset

    def die_on_the_second(*what: Any, **named: Any) -> Any:
        writes.append(what)
        if len(writes) == 2:
            raise KeyboardInterrupt
        return hset(*what, **named)

    monkeypatch.setattr(online, "ENTITIES_A_WRITE", 3)
    with monkeypatch.context() as patch:
        patch.setattr(client, "hset", die_on_the_second)
        with pytest.raises(KeyboardInterrupt):
            online.load(Sale.taste, 1, tables)
    (entry,) = decisions(shop.sell(1, at=NOON + 5 * MINUTE))
    assert entry.data["batch"] == FIRST | {"sale.taste": None}
    assert publishing.reload_lost(Sale.taste, now=NOON + 6 * MINUTE) == [1]
    (entry,) = decisions(shop.sell(1, at=NOON + 6 * MINUTE))
    assert entry.data["batch"] == FIRST


def test_decisions_are_counted_by_what_they_had_and_the_overview_says_so(shop: Shop, online_redis) -> None:
    shop.sell(2, at=NOON - 20 * MINUTE)
    publish_all(at=NOON)
    shop.sell(3, at=NOON + 10 * MINUTE)
    shop.sell(1, at=NOON + 20 * MINUTE)
    shop.sell(4, at=NOON + 50 * MINUTE)
    online_redis.flushdb()
    shop.sell(5, at=NOON + 30 * MINUTE)
    now = timezone.now()
    catch_up(BATCH_VIEWS, now=now)
    columns = ("fresh", "unpublished", "stale", "lost")
    counted = {
        window.view: [getattr(window, column) for column in columns] for window in BatchWindow.objects.all()
    }
    assert counted == {
        "sale.habits": [8, 2, 0, 5],
        "sale.taste": [8, 2, 0, 5],
        "sale.rush": [4, 2, 4, 5],
    }
    (seen,) = read_freshness([Sale.rush], now=now)
    assert (seen.fresh, seen.without, seen.is_stale) == (4, 11, True)
    assert (seen.mean_age, seen.max_age) == (12.5 * MINUTE, 20 * MINUTE)
    at_first = list(BatchWindow.objects.order_by("view").values_list("view", "start", *columns, "age_us_sum"))
    rebuild_consumer(BATCH_VIEWS, now=now)
    again = list(BatchWindow.objects.order_by("view").values_list("view", "start", *columns, "age_us_sum"))
    assert again == at_first
    told = [notice.what for notice in notices(read_facts(User(is_superuser=True), now=now))]
    assert any(what.startswith("Batch view rush of sale is stale: 11 decisions since ") for what in told)
