"""The overview: contents, permissions and number of queries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments.models import Experiment
from monitoring.overview.facts import read_models
from monitoring.overview.page import overview
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.log.append import append
from scoring.log.models import ConsumerCursor
from scoring.log.tasks import run_consumers
from scoring.registry.models import ModelVersion
from tests.factories.log import labeled
from tests.integration.monitoring.made_up import add_model, decide_events, even_vectors
from tests.integration.monitoring.test_drift_page import route_to, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def user_with(*codenames: str, **flags: bool) -> User:
    user = User.objects.create_user("visitor", is_staff=True, **flags)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def tiles(user: User) -> dict[str, tuple[str, str]]:
    """Value and note of every tile, by its label."""
    groups = overview(user, now=timezone.now())["groups"]
    return {tile.label: (tile.value, tile.note) for group in groups for tile in group.tiles}


@pytest.fixture
def traffic() -> None:
    """Forty decisions a few minutes ago, half of them blocked, one of which was confirmed as fraud."""
    route_to(add_model(1))
    now = timezone.now() - timedelta(minutes=3)
    decide_events(even_vectors(20), now=now, prefix="allowed", stake=1_000)
    blocked = decide_events(even_vectors(20), now=now, prefix="blocked", stake=5_000, outcome="block")
    append([labeled(blocked[0].stream, known_at=now)], now=now)
    assert run_consumers() == {}


@pytest.mark.usefixtures("traffic")
def test_the_overview_shows_volume_outcomes_and_latency() -> None:
    shown = tiles(user_with(is_superuser=True))

    assert shown["Events in the last hour"][0] == "40"
    assert shown["Events per minute"] == ("8.0", "mean of the last 5 minutes")
    assert shown["Allowed"] == ("200.00 USD", "20 events, 50.0\N{NO-BREAK SPACE}%")
    assert shown["Blocked"] == ("1,000.00 USD", "20 events, 50.0\N{NO-BREAK SPACE}%")
    assert shown["Confirmed fraud"] == ("12.34 USD", "1 event labeled")
    assert shown["Latency, median"][0].startswith(("7.", "8."))
    assert shown["Champion for payment"][0] == "payment-1"
    assert shown["Drifted features of payment-1"][0] == "0 of 3"


def test_a_low_rate_is_not_shown_as_zero() -> None:
    route_to(add_model(1))
    decide_events(even_vectors(20), now=timezone.now() - timedelta(minutes=30), stake=1_000)
    assert run_consumers() == {}
    assert tiles(user_with(is_superuser=True))["Events per minute"] == ("0.33", "mean of the last hour")


@pytest.mark.usefixtures("traffic")
def test_parts_the_user_may_not_see_are_left_out() -> None:
    viewer = user_with()

    assert set(tiles(viewer)) == {
        *("Events per minute", "Events in the last hour", "Latency, median", "Latency, 99th percentile"),
        *("Allowed", "Sent to review", "Blocked", "Confirmed fraud"),
    }
    links = {tile.href for group in overview(viewer, now=timezone.now())["groups"] for tile in group.tiles}
    assert links == {""}


def test_running_experiments_and_trainings_show_their_progress() -> None:
    now = timezone.now()
    started = now - timedelta(minutes=3)
    Experiment.objects.create(
        name="trees",
        event_type="payment",
        treatment="payment-2",
        share=0.2,
        route_version=1,
        started_at=started,
    )
    TrainingJob.objects.create(number=1, state="finished", requested_at=started, ended_at=started)
    TrainingJob.objects.create(number=2, state="running", requested_at=started, started_at=started)
    TrainingProgress.objects.create(job=2, step="growing trees", done=30, total=120, updated_at=now)

    shown = tiles(user_with(is_superuser=True))

    assert shown["Experiment"] == ("trees", "payment-2 on 20\N{NO-BREAK SPACE}% of traffic, for 3 min")
    assert shown["Training"] == ("25\N{NO-BREAK SPACE}%", "growing trees, for 3 min")


def test_candidates_awaiting_approval_are_listed_newest_first() -> None:
    for number, hours in ((2, 2), (4, 1), (3, 3)):
        trained_at = timezone.now() - timedelta(hours=hours)
        ModelVersion.objects.filter(name=add_model(number)).update(trained_at=trained_at)
    candidates = read_models(User(is_superuser=True), now=timezone.now())["candidates"]
    assert [version.name for version in candidates] == ["payment-4", "payment-2", "payment-3"]


def test_groups_have_an_id_and_a_title() -> None:
    groups = overview(user_with(), now=timezone.now())["groups"]
    titles = {group.id: group.title for group in groups}
    assert titles == {"traffic": "Now", "day": "Last 24 hours", "work": "Work and models"}


def test_a_user_who_may_only_see_cases_sees_the_queue_tile() -> None:
    assert tiles(user_with("view_case"))["Open cases"] == ("0", "nothing to review")


def test_the_page_and_its_parts_show_notices_first() -> None:
    run_consumers()
    client = Client()
    client.force_login(user_with(is_superuser=True))
    assert "No model decides yet" in text_of(client, "/admin/overview/")
    cursor = {"error": "ValueError: no such field", "failed_position": 7}
    ConsumerCursor.objects.filter(name="monitoring.windows").update(**cursor)

    parts = text_of(client, "/admin/overview/")

    assert "Consumer monitoring.windows has stopped at entry 7: ValueError" in parts
    assert parts.index("has stopped") < parts.index("No model decides") < parts.index("Events per minute")
    assert "<html" not in parts
    home = text_of(client, "/admin/")
    assert 'data-refresh-from="/admin/overview/"' in home
    assert "has stopped at entry 7" in home


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("analyst", ["review"]),
        ("lead", ["review", "models", "operations"]),
        ("data scientist", ["models", "operations", "review"]),
        ("auditor", ["operations", "models", "review"]),
        ("admin", ["operations", "models", "review"]),
    ],
)
def test_the_areas_begin_with_that_of_the_role(group: str, names: list[str]) -> None:
    user = user_with()
    user.groups.add(Group.objects.get(name=group))
    assert [area.name for area in overview(user, now=timezone.now())["areas"]] == names


def test_a_reviewer_sees_own_cases() -> None:
    user = user_with("view_case", "work_case")
    [review] = overview(user, now=timezone.now())["areas"]
    assert [(tile.label, tile.value, tile.href) for tile in review.tiles] == [
        ("Queue", "0", "/admin/queue/"),
        ("Overdue", "0", "/admin/queue/"),
        ("Your cases", "0", "/admin/my-reviews/"),
    ]


def test_an_empty_database_gives_no_notice_to_users_who_cannot_train() -> None:
    run_consumers()
    client = Client()
    client.force_login(user_with())

    parts = text_of(client, "/admin/overview/")

    assert "All is well." in parts
    assert "No data yet." in parts


def test_anonymous_users_are_sent_to_the_login() -> None:
    response = Client().get("/admin/overview/")
    assert (response.status_code, response.url.split("?")[0]) == (302, "/admin/login/")  # type: ignore[attr-defined]


@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize("superuser", [True, False], ids=["everything", "nothing"])
def test_the_overview_needs_few_queries(
    superuser: bool, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    client = Client()
    client.force_login(user_with(is_superuser=superuser))
    with django_assert_max_num_queries(34):
        client.get("/admin/")
