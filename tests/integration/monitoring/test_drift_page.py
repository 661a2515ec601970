"""The drift page: contents, permissions and number of queries."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring.drift.constant_scores import MIN_ROWS
from monitoring.metrics.metric import Observation
from monitoring.metrics.registry import metrics
from monitoring.windows.hourly import to_hour
from scoring.log.tasks import run_consumers
from scoring.registry.routes import Arm, change_route
from tests.integration.monitoring.made_up import add_model, decide_events, even_vectors

pytestmark = pytest.mark.django_db(transaction=True)


def route_to(*models: str) -> None:
    roles = ("champion", "shadow")
    arms = [Arm(role, model, role, 1.0) for role, model in zip(roles, models, strict=False)]
    place = {"salt": "s", "unit": "customer", "expected_version": 0, "actor": "tests", "reason": "test"}
    change_route("payment", arms=arms, now=timezone.now(), **place)


def decide_now(count: int, *, shift: bool = False, seed: int = 0) -> None:
    vectors = even_vectors(count, seed=seed)
    if shift:
        vectors[:, 0] = np.where(vectors[:, 0] > 1_000, 50_000, vectors[:, 0])
    for hours in range(2):
        now = timezone.now() - timedelta(hours=hours)
        decide_events(vectors[hours::2], now=now, prefix=f"{seed}-{hours}", score=0.05)
    assert run_consumers() == {}


@pytest.fixture
def visitor() -> Client:
    """A user who may only see the drift page."""
    return client_with("view_modelwindow")


def client_with(*codenames: str) -> Client:
    user = User.objects.create_user("visitor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_drifted_features_are_counted_and_listed_first(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(2_000, shift=True)

    page = text_of(visitor, "/admin/drift/")

    assert "1 of 3 features, with 33 % of the explanations, has drifted." in page
    assert "That is not judged before most of a day was seen." in page
    assert "(higher by 0." in page
    assert "2,000 decisions of payment-1" in page
    assert page.index("amount</span>") < page.index("category</span>")
    assert "shifted" in page
    assert "training_start" not in page  # nor may this visitor train
    assert "train on newer events" not in page


def test_a_model_without_drift_is_reported_stable(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(3_000)

    page = text_of(visitor, "/admin/drift/?span=week")
    found, code = run_drift()
    assert (code, found["models"][0]["has_drifted"]) == (3, False)

    assert "None of the 3 features has drifted." in page


def test_few_decisions_that_differ_by_chance_are_not_drift(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(4, shift=True)

    page = text_of(visitor, "/admin/drift/")

    assert "None of the 3 features has drifted" in page
    assert "with so few decisions this can be chance" in page


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("/admin/drift/", "payment-1 made no decisions in this period"),
        ("/admin/drift/?model=payment-2", "A shadow model makes no decisions."),
        ("/admin/drift/?model=payment-3", "payment-3 cannot be compared"),
    ],
)
def test_it_says_why_there_is_nothing_to_compare(visitor: Client, address: str, what: str) -> None:
    route_to(add_model(1), add_model(2))
    add_model(3, with_reference=False)

    assert what in text_of(visitor, address)


def test_without_a_model_the_page_says_what_will_appear(visitor: Client) -> None:
    assert "No model for payment yet." in text_of(visitor, "/admin/drift/")


@pytest.mark.parametrize("query", ["model=payment-9", "type=nothing", "span=year", "reference=never"])
def test_unknown_addresses_give_404(visitor: Client, query: str) -> None:
    assert visitor.get(f"/admin/drift/?{query}").status_code == 404


def test_the_page_needs_the_permission_to_see_model_windows() -> None:
    assert client_with("view_hourlywindow").get("/admin/drift/").status_code == 403


def test_the_page_needs_few_queries_however_many_decisions_there_are(
    visitor: Client, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    route_to(add_model(1))
    decide_now(200)

    with django_assert_max_num_queries(16):
        visitor.get("/admin/drift/?span=week")


def decide_for_days(days: int, *, broken: str = "", hours: int = 10) -> None:
    """Twenty decisions every two hours for each of two senders; one loses its amounts in the last hours."""
    now = timezone.now()
    for ago in range(24 * days, 0, -2):
        for source in ("shop", "till"):
            vectors = even_vectors(20, seed=ago if source == "shop" else -ago % 10_000)
            if source == broken and ago <= hours:
                vectors[:, 0] = np.nan
            decide_events(
                vectors, now=now - timedelta(hours=ago), prefix=f"{source}-{ago}", source=source, score=0.05
            )
    assert run_consumers() == {}


def test_the_sender_that_changed_is_named_with_its_field_and_hour(visitor: Client) -> None:
    route_to(add_model(1))
    decide_for_days(9, broken="till")

    page = text_of(visitor, "/admin/drift/")

    since = to_hour(timezone.now() - timedelta(hours=10))
    assert "till changed what it sends: amount (more often missing: 0" in page
    assert f"since {since:%Y-%m-%d %H:%M} UTC" in page
    assert "shop changed" not in page
    assert "is beyond the 0.05 that ordinary days explain" in page

    [features] = [each for each in observe("drift.features") if each.value]
    assert (features.scope, features.path) == (
        {"event_type": "payment", "model": "payment-1"},
        "drift/?model=payment-1",
    )
    assert "amount (more often missing" in features.because
    assert {each.scope["sender"]: bool(each.value) for each in observe("drift.sender")} == {
        "shop": False,
        "till": True,
    }
    worst = max(observe("drift.feature"), key=lambda each: each.value or 0.0)
    assert (worst.scope["feature"], worst.path) == ("amount", "features/payment/amount/")
    assert [each.value for each in observe("drift.scores")] != []
    [scores] = observe("drift.constant_scores")
    assert (scores.scope["model"], scores.rows >= MIN_ROWS) == ("payment-1", True)

    found, code = run_drift()
    [model] = found["models"]
    assert (code, model["has_drifted"], model["features"][0]["name"]) == (0, True, "amount")
    assert 0 < model["features"][0]["distances"]["jensen_shannon"] < 1
    assert model["features"][0]["distances"]["kolmogorov_smirnov"] < 0.2  # of the amounts that are known
    [change] = model["senders"][0]["changed"]
    assert (model["senders"][0]["source"], change["since"]) == ("till", f"{since:%Y-%m-%dT%H:%M:%SZ}")


def run_drift() -> tuple[dict[str, Any], int]:
    """What `manage.py drift --json` prints, and its exit code."""
    out = io.StringIO()
    try:
        call_command("drift", "--json", stdout=out)
    except CommandError as error:
        return json.loads(out.getvalue()), error.returncode
    return json.loads(out.getvalue()), 0


def observe(metric: str) -> list[Observation]:
    return list(metrics()[metric].observe(now=timezone.now()))


def test_the_page_shows_days_and_can_be_filtered(visitor: Client) -> None:
    route_to(add_model(1))
    decide_for_days(9, broken="till")

    page = text_of(visitor, "/admin/drift/?state=drifted&reference=recent")

    assert "1 of 3 features" in page
    assert "decisions of the four weeks before" in page
    assert page.count("mon-feature__name") == 1
    assert "threshold 0." in page
    assert "No features match." in text_of(visitor, "/admin/drift/?q=nothing-like-it")


def test_without_a_week_there_are_no_weeks_before(visitor: Client) -> None:
    route_to(add_model(1))
    decide_now(60)
    page = text_of(visitor, "/admin/drift/?reference=recent")
    assert "cannot be compared with the weeks before" in page
