"""The pages of the feature catalog: contents, permissions and number of queries."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import redis
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from monitoring.feature_pages import batch_view_pages as view_pages
from monitoring.models import BatchWindow
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import median
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money
from scoring.lanes.models import Pending
from scoring.log.tasks import run_consumers
from scoring.registry.models import FeatureSetVersion, ModelVersion
from scoring.replay.models import FeatureConsistency, LaneCheckpoint
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import telemetry
from tests.factories.batch_versions import store_version
from tests.factories.catalog import catalog_of
from tests.integration.monitoring.made_up import add_model, decide_events, even_vectors
from tests.integration.monitoring.test_drift_page import decide_now, route_to, text_of

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
LOOK = ("view_featuresetversion", "view_batchversion")


@pytest.fixture
def visitor() -> Client:
    """A user who may only see the catalog."""
    return client_with(*LOOK)


def client_with(*codenames: str) -> Client:
    user, _ = User.objects.get_or_create(username="visitor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def described(name: str, digest: str, definition: str = "") -> dict[str, str]:
    return {
        "name": name,
        "digest": digest,
        "definition": definition or f"{name} as in {digest}",
        "kind": "count",
        "entity": "card",
        "window": "1h",
        "unit": "events",
        "owner": "",
    }


def declare(number: int, *features: dict[str, str], model: str = "") -> None:
    """A stored feature set, and the model trained on it."""
    FeatureSetVersion.objects.create(
        digest=f"set-{number}",
        event_type="payment",
        number=number,
        features=list(features),
        declared_at=timezone.now() - timedelta(days=10 - number),
    )
    if model:
        ModelVersion.objects.filter(name=model).update(lineage={"declared_set": f"set-{number}"})


def count_checked(feature: str, compared: int, mismatched: int) -> None:
    FeatureConsistency.objects.create(
        event_type="payment",
        hour=timezone.now().replace(minute=0, second=0, microsecond=0),
        feature=feature,
        compared=compared,
        mismatched=mismatched,
    )


# All features


def test_the_list_shows_meaning_and_health_of_each_feature(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(2_000, shift=True)
    count_checked("amount", 120, 3)

    page = text_of(visitor, "/admin/features/")

    assert "1 feature differed when recomputed from the log; 1 feature has drifted since training." in page
    assert "as seen by payment-1 since" in page
    assert "The number of payments with this card in the last hour." in page
    amount = page[page.index("amount</a>") : page.index("category</a>")]
    assert "The payment&#x27;s amount: total charged." in amount
    assert "shifted" in amount
    assert "3 differ" in amount
    assert "of 120" in amount
    unread = page[page.index("card_count_1h</a>") : page.index("card_count_24h</a>")]
    assert "no decisions" in unread
    assert "no live model" in unread


def test_the_list_can_be_filtered_to_drifted_features(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(2_000, shift=True)

    page = text_of(visitor, "/admin/features/?state=drifted")

    assert page.count('class="ws-mono cat-name"') == 1
    assert "amount</a>" in page
    assert "drifted (1)" in page


@pytest.mark.parametrize(
    ("query", "count"), [("q=refund", 2), ("kind=speed", 1), ("entity=device", 1), ("q=nothing-like-it", 0)]
)
def test_the_list_can_be_filtered_by_words_kind_and_entity(visitor: Client, query: str, count: int) -> None:
    page = text_of(visitor, f"/admin/features/?{query}")

    assert page.count('class="ws-mono cat-name"') == count
    assert ("No features match." in page) is (count == 0)


def test_the_effect_of_a_feature_is_its_mean_contribution_in_the_live_model(visitor: Client) -> None:
    route_to(add_model(1))
    contributions = np.tile([0.25, -0.5, 0.0, -3.0], (10, 1))
    decide_events(even_vectors(10), now=timezone.now(), contributions=contributions)
    run_consumers()

    page = text_of(visitor, "/admin/features/?sort=weight")

    assert page.index("category</a>") < page.index("amount</a>")
    assert ">0.50<" in page[page.index("category</a>") : page.index("amount</a>")]


def test_features_are_listed_without_any_model(visitor: Client) -> None:
    page = text_of(visitor, "/admin/features/")

    assert "No live model made decisions in this period" in page
    assert "card_count_1h" in page


def test_a_lagging_lane_is_reported(visitor: Client) -> None:
    Pending.objects.create(
        position=1, lane="commerce", kind="event", event_stream="payment/shop/1", enqueued_at=timezone.now()
    )
    assert "Lane commerce has 1 pending entry" in text_of(visitor, "/admin/features/")


def test_the_list_shows_when_a_sample_was_last_recomputed(visitor: Client) -> None:
    assert "Values of a sample were last recomputed" not in text_of(visitor, "/admin/features/")
    head = dict.fromkeys(("lane_order", "version", "position", "seq", "clock_us"), 1)
    LaneCheckpoint.objects.create(lane="commerce", layout="l", checked_at=timezone.now() - 5 * HOUR, **head)
    assert "Values of a sample were last recomputed from the log <time" in text_of(
        visitor, "/admin/features/"
    )


@pytest.mark.parametrize(
    "address",
    [
        "/admin/features/?type=nothing",
        "/admin/features/?span=year",
        "/admin/features/payment/no_such_feature/",
        "/admin/features/nothing/card_count_1h/",
        "/admin/features/refund/sets/",
        "/admin/features/payment/diff/?from=7",
    ],
)
def test_unknown_addresses_give_404(visitor: Client, address: str) -> None:
    declare(1, described("card_count_1h", "1"))
    assert visitor.get(address).status_code == 404


# One feature


def test_a_feature_page_shows_its_definition(visitor: Client) -> None:
    page = text_of(visitor, "/admin/features/payment/card_count_1h/")

    assert "The number of payments with this card in the last hour." in page
    assert "starts with the tile of 5 min (aligned to UTC) that contains the moment 1 h ago" in page
    assert "The 30-day total of this card, scaled to 1 h" in page
    assert "CARD_COUNT_1H" in page
    assert "No model reads it yet" in page


def test_a_feature_page_shows_its_health_and_models() -> None:
    route_to(add_model(1), add_model(2))
    add_model(3)
    declare(1, described("amount", "old"), model="payment-3")
    declare(2, described("amount", "new"), model="payment-1")
    decide_now(2_000, shift=True)
    count_checked("amount", 120, 0)
    page = text_of(client_with(*LOOK, "view_modelversion"), "/admin/features/payment/amount/")

    assert "No, it has drifted strongly: PSI" in page
    assert "Yes: all 120 values, bit for bit." in page
    assert "Distribution, training and now" in page
    readers = page[page.index('id="users"') : page.index("Feature sets that contain it")]
    assert readers.index("payment-1") < readers.index("payment-2") < readers.index("payment-3")
    assert 'href="/admin/models/payment-1/"' in readers
    sets = page[page.index("Feature sets that contain it") :]
    assert sets.index("Set 2") < sets.index("same") < sets.index("Set 1") < sets.index("different")
    assert "/admin/features/payment/diff/?from=1&amp;to=2" in sets


def test_a_feature_page_shows_late_entries_and_capped_counts(
    visitor: Client, online_redis: redis.Redis
) -> None:
    connections.client.cache_clear()
    telemetry.send()
    online_redis.flushdb()
    telemetry.add("too_late", "commerce", "card", count=3)
    telemetry.add("saturated", "payment", "card_distinct_merchant_24h", count=12)
    page = text_of(visitor, "/admin/features/payment/card_distinct_merchant_24h/")
    assert "3 entries came too late for every window of the card" in page
    assert "12 values reached the cap of" in page
    other = text_of(visitor, "/admin/features/payment/card_count_1h/")
    assert "3 entries came too late" in other
    assert "reached the cap" not in other


def test_links_need_the_permission_of_their_target(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(50)

    page = text_of(visitor, "/admin/features/payment/amount/")

    assert "payment-1" in page
    assert "/admin/models/" not in page
    assert "/admin/drift/" not in page


def test_the_drift_page_links_to_each_feature() -> None:
    route_to(add_model(1))
    decide_now(50)
    link = 'href="/admin/features/payment/amount/?span=day"'
    assert link in text_of(client_with("view_modelwindow", *LOOK), "/admin/drift/")
    assert link not in text_of(client_with("view_modelwindow"), "/admin/drift/")


def test_a_feature_that_is_no_longer_declared_still_has_its_page(visitor: Client) -> None:
    declare(1, described("card_luck_7d", "1", "card.luck(over='7d')"))
    declare(2, described("amount", "1"))

    page = text_of(visitor, "/admin/features/payment/card_luck_7d/")

    assert "no longer declared" in page
    assert "It was in set 1." in page
    assert "card.luck(over=&#x27;7d&#x27;)" in page


# Sets


def test_sets_are_listed_with_what_changed_and_the_models_on_them(visitor: Client) -> None:
    route_to(add_model(1))
    declare(1, described("a", "1"), described("b", "1"), model="payment-1")
    declare(2, described("a", "2"), described("c", "1"))

    page = text_of(visitor, "/admin/features/payment/sets/")

    newest, first = page[page.index("Set 2") : page.index("Set 1")], page[page.index("Set 1") :]
    assert [words in newest for words in ("1 added", "1 removed", "1 changed", "none")] == [True] * 4
    assert "payment-1" in first
    assert "first recorded set" in first


def test_two_sets_are_compared_feature_by_feature(visitor: Client) -> None:
    route_to(add_model(1))
    declare(1, described("a", "1"), described("b", "1"), described("d", "1"), model="payment-1")
    declare(2, described("a", "2"), described("c", "1"), described("d", "1"))

    page = text_of(visitor, "/admin/features/payment/diff/?from=1&to=2")

    changed = page[page.index('id="changed"') : page.index('id="added"')]
    assert changed.index("a as in 1") < changed.index("a as in 2")
    assert "c as in 1" in page[page.index('id="added"') : page.index('id="removed"')]
    assert "b as in 1" in page[page.index('id="removed"') :]
    assert "1 feature unchanged" in page
    assert page.index("Live models:") < page.index("No live models.")
    assert 'href="/admin/features/payment/a/"' in page


def test_the_two_newest_sets_are_compared_by_default(visitor: Client) -> None:
    for number in (1, 2, 3):
        declare(number, described("a", str(number)))
    assert "From set 2 to set 3" in text_of(visitor, "/admin/features/payment/diff/")


def test_without_sets_the_pages_say_when_one_is_recorded(visitor: Client) -> None:
    for page in ("sets", "diff"):
        assert "No set of payment recorded yet" in text_of(visitor, f"/admin/features/payment/{page}/")
    declare(1, described("a", "1"))


def test_a_single_set_is_shown_once_and_has_nothing_to_choose(visitor: Client) -> None:
    declare(1, described("a", "1"))
    page = text_of(visitor, "/admin/features/payment/diff/")
    assert "There is only one feature set so far, so there is nothing to compare yet." in page
    assert page.count("Set 1, 1 feature") == 1
    assert "<select" not in page


# Permissions and cost


@pytest.mark.parametrize("address", ["features/", "features/payment/amount/", "features/payment/sets/"])
def test_the_pages_need_the_permission_to_see_feature_sets(address: str) -> None:
    assert client_with("view_modelwindow").get(f"/admin/{address}").status_code == 403


@pytest.mark.parametrize(
    "address", ["features/", "features/payment/amount/", "features/payment/sets/", "batch-views/"]
)
def test_each_page_needs_few_queries_at_any_size(
    visitor: Client,
    address: str,
    django_assert_max_num_queries: Callable[[int], CaptureQueriesContext],
) -> None:
    route_to(*(add_model(number) for number in range(1, 9)))
    for number in range(1, 6):
        declare(number, described("amount", str(number)), model=f"payment-{number}")
    decide_now(200)

    with django_assert_max_num_queries(25):
        visitor.get(f"/admin/{address}?span=week")


# Batch views


class Purchase(EventType):
    """An event type with a view that a feature reads."""

    name, lane = "purchase", "purchases"
    buyer, amount = Entity(), Money()
    habits = Profile(buyer, over="7d", every="1h", stale_after="3h", typical=median(amount))
    features = (amount, habits.typical)


@pytest.fixture
def purchases() -> Iterator[None]:
    """The catalog with Purchase alone."""
    with catalog_of(__name__):
        yield


def publish(number: int, *, age: timedelta, **values: Any) -> None:
    """A stored version that covers events up to `age` ago."""
    as_of = timezone.now() - age
    store_version(Purchase.habits, number, as_of=as_of, rows={"buyer": 4_321}, **values)


@pytest.mark.usefixtures("purchases")
def test_a_batch_view_shows_its_schedule_age_and_readers(visitor: Client) -> None:
    publish(1, age=5 * HOUR)
    publish(2, age=HOUR / 2)

    page = text_of(visitor, "/admin/batch-views/")

    assert "The view is fresh." in page
    assert "profile of purchase, every 1 h, over 7 d" in page
    assert "buyer: 4,321" in page
    assert "1.2 s" in page
    assert page.index("in use<") < page.index('<th scope="row">1')
    assert 'href="/admin/features/purchase/habits_typical/"' in page


@pytest.mark.usefixtures("purchases")
@pytest.mark.parametrize(
    ("versions", "said", "answer"),
    [
        ([], "no version", "No: the batch view was never published"),
        ([{"age": 4 * HOUR}], "stale", "past its limit of 3 h, so the feature is missing"),
        ([{"age": HOUR}], "fresh", "the limit is 3 h"),
        ([{"age": HOUR, "definition": "another"}], "no version", "No: the batch view was never published"),
        ([{"age": HOUR}, {"age": -HOUR}], "fresh", "version 1 covers events up to 1 h ago"),
    ],
    ids=["none", "stale", "fresh", "of another definition", "one not valid yet"],
)
def test_a_view_is_as_fresh_as_its_newest_valid_version(
    visitor: Client, versions: list[dict[str, Any]], said: str, answer: str
) -> None:
    for number, version in enumerate(versions, start=1):
        publish(number, **version)

    views = text_of(visitor, "/admin/batch-views/")
    feature = text_of(visitor, "/admin/features/purchase/habits_typical/")

    assert f">{said}<" in views
    assert answer in feature


@pytest.mark.usefixtures("purchases")
@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"unpublished": 7}, "0 of 7 had a version"),
        ({"fresh": 5, "age_us_sum": 10, "stale": 2}, "5 of 7 had a version"),
    ],
)
def test_a_view_shows_how_many_decisions_had_a_version(
    visitor: Client, counts: dict[str, int], said: str
) -> None:
    BatchWindow.objects.create(view="purchase.habits", start=timezone.now() - HOUR, **counts)
    assert said in text_of(visitor, "/admin/batch-views/")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were queued."""
    done: list[str] = []
    monkeypatch.setattr(view_pages, "request_publishing", lambda: done.append("publish"))
    return done


@pytest.mark.usefixtures("purchases")
def test_publishing_queues_the_due_views(asked: list[str]) -> None:
    client = client_with(*LOOK, "add_batchversion")
    assert "Publish 1 due view" in text_of(client, "/admin/batch-views/")

    said = client.post("/admin/batch-views/", follow=True).content.decode()

    assert asked == ["publish"]
    assert "A worker is publishing habits." in said


@pytest.mark.usefixtures("purchases")
def test_without_due_views_nothing_is_queued(asked: list[str]) -> None:
    publish(1, age=timedelta(0))
    client = client_with(*LOOK, "add_batchversion")
    assert "Publish 1 due" not in text_of(client, "/admin/batch-views/")

    said = client.post("/admin/batch-views/", follow=True).content.decode()

    assert asked == []
    assert "Nothing is due" in said


@pytest.mark.usefixtures("purchases")
def test_publishing_needs_the_permission(visitor: Client, asked: list[str]) -> None:
    assert "Publish 1 due" not in text_of(visitor, "/admin/batch-views/")
    assert visitor.post("/admin/batch-views/").status_code == 403
    assert asked == []


@pytest.mark.usefixtures("purchases")
def test_an_unreachable_broker_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(view_pages, "request_publishing", refuse)
    client = client_with(*LOOK, "add_batchversion")

    said = client.post("/admin/batch-views/", follow=True).content.decode()

    assert "Publishing was not queued: the broker does not answer (connection refused)." in said


def test_without_views_the_page_says_how_to_declare_one(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_pages, "batch_views", dict)
    assert "No event type declares a batch view." in text_of(visitor, "/admin/batch-views/")
