"""The pages of experiments: permissions, contents and number of queries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from experiments.design.lifecycle import stop_experiment
from experiments.models import Experiment, ExperimentResult, Exposure
from experiments.results.compute import refresh_results
from scoring.learning.promotion.promote import roll_back
from scoring.log.append import append
from scoring.registry.routes import route_of
from scoring.sql.bulk_tables import copy_values
from tests.factories.log import decided, received

pytestmark = pytest.mark.django_db(transaction=True)

LIST, START, ONE = "admin:experiments", "admin:experiment_start", "admin:experiment"
FORM = {
    "name": "more-trees",
    "hypothesis": "More trees block fewer good payments.",
    "primary_metric": "block_rate",
    "share": "30",
}


def now() -> datetime:
    return datetime.now(UTC)


def client_of(*permissions: str) -> Client:
    """A client logged in as a staff user with `permissions` ("app.codename")."""
    user = User.objects.create_user(f"user-{User.objects.count()}", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def scientist() -> Client:
    allowed = ("view_experiment", "add_experiment", "change_experiment")
    return client_of(*(f"experiments.{name}" for name in allowed), "scoring.promote_modelversion")


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def expose(name: str, count: int) -> None:
    """Decisions of `count` / 4 customers, half of them in either arm, the oldest 50 days ago."""
    columns = [field.column for field in Exposure._meta.concrete_fields if field.name != "labelled_at"]
    rows = [
        (
            *(n, name, ("control", "treatment")[n % 2], n % (count // 4), ("allow", "block")[n % 7 == 0]),
            *(0.1, 1000, now() - timedelta(days=50 * n / count), "fraud" if n % 5 == 0 else None),
        )
        for n in range(count)
    ]
    copy_values(connection, Exposure._meta.db_table, columns, rows)


def test_starting_and_stopping_need_permissions(start, models):
    start()
    url = reverse(ONE, args=["more-trees"])
    looker = client_of("experiments.view_experiment")
    assert "Stop, keep the champion" not in text_of(looker.get(url))
    assert looker.get(reverse(START)).status_code == 403
    assert looker.post(reverse(START), FORM | {"treatment": models[1]}).status_code == 403
    assert looker.post(url, {"stop": "control", "reason": "x"}).status_code == 403
    stopper = client_of("experiments.view_experiment", "experiments.change_experiment")
    assert "promote the treatment" not in text_of(stopper.get(url))
    assert stopper.post(url, {"stop": "treatment", "reason": "x"}).status_code == 403
    stranger = client_of()
    assert [stranger.get(address).status_code for address in (url, reverse(LIST))] == [403, 403]
    assert Experiment.objects.get().state == "running"


def test_the_form_starts_an_experiment_with_its_plan(scientist, models):
    sent = FORM | {"treatment": models[1], "baseline": "10", "effect": "2"}
    response = scientist.post(reverse(START), sent)
    assert response.url == reverse(ONE, args=["more-trees"])
    experiment = Experiment.objects.get()
    assert (experiment.treatment, experiment.share) == (models[1], 0.3)
    assert experiment.started_by.startswith("user/user-")
    assert experiment.plan == {"baseline": 0.1, "effect": 0.02, "units": 9430}
    assert "No results yet" in text_of(scientist.get(response.url))


def test_a_plan_is_calculated_without_starting_an_experiment(scientist, models):
    sent = {"plan": "1", "share": "50", "baseline": "10", "effect": "2", "name": "half-writ"}
    page = text_of(scientist.post(reverse(START), sent))
    assert "About 7,677 customers" in page
    assert 'value="half-writ"' in page
    assert "Enter the current rate" in text_of(scientist.post(reverse(START), {"plan": "1", "share": "50"}))
    assert not Experiment.objects.exists()


def test_a_change_too_small_to_plan_for_is_refused(scientist, models):
    sent = {"plan": "1", "share": "50", "baseline": "10", "effect": "1e-200"}
    assert "Enter a change of at least 0.001 points" in text_of(scientist.post(reverse(START), sent))


def test_the_current_rates_are_those_of_the_chosen_type(scientist, models):
    outcomes = {"payment/shop/T-0": "block", "payment/shop/T-1": "allow", "refund/shop/R-1": "block"}
    events = append([received("T-0"), received("T-1"), received("R-1", type="refund")], now=now())
    append([decided(event, outcome=outcomes[event.stream]) for event in events], now=now())
    assert "Of the last 2 decisions, 50.00 % were blocked" in text_of(scientist.get(reverse(START)))


def test_a_long_user_name_is_cut_in_the_log(scientist, models):
    user = User.objects.get()
    User.objects.filter(pk=user.pk).update(username="n" * 150)
    sent = FORM | {"treatment": models[1]}
    assert scientist.post(reverse(START), sent).url == reverse(ONE, args=["more-trees"])
    assert Experiment.objects.get().started_by == "user/" + "n" * 75


def test_a_nul_character_is_refused(scientist, start, models):
    start()
    url = reverse(ONE, args=["more-trees"])
    assert scientist.post(url, {"stop": "control", "reason": "a\x00b"}).status_code == 400
    assert scientist.get(reverse(ONE, args=["a\x00b"])).status_code == 404
    assert Experiment.objects.get().state == "running"


def test_errors_are_shown_beside_their_field(scientist, models):
    page = text_of(scientist.post(reverse(START), FORM | {"treatment": "payment-99", "name": "Möhre"}))
    assert "such as new-model-in-march." in page
    assert "Select a valid choice" in page
    half = text_of(scientist.post(reverse(START), FORM | {"treatment": models[1], "baseline": "10"}))
    assert "A plan needs both the current rate" in half


def test_a_refusal_says_why_and_keeps_what_was_typed(scientist, start, models):
    start()
    assert "the experiment more-trees has a share of its traffic" in text_of(scientist.get(reverse(START)))
    page = text_of(scientist.post(reverse(START), FORM | {"treatment": models[1], "name": "another"}))
    assert "Nothing changed: the experiment more-trees already has a share of the payment traffic" in page
    assert 'value="another"' in page


@pytest.mark.parametrize(("winner", "place"), [("control", 0), ("treatment", 1)])
def test_the_buttons_stop_it(scientist, start, models, winner, place):
    start()
    url = reverse(ONE, args=["more-trees"])
    page = text_of(scientist.post(url, {"stop": winner, "reason": "enough seen"}, follow=True))
    assert f"more-trees is stopped. The {winner} decides all events from now on." in page
    assert route_of("payment").champion.model == models[place]
    assert "enough seen" in page
    again = text_of(scientist.post(url, {"stop": winner, "reason": "once more"}, follow=True))
    assert "Nothing changed: more-trees is already stopped." in again


def test_stopping_a_displaced_experiment_says_what_happened(scientist, start, models):
    start()
    stop_experiment("more-trees", actor="user/dana", reason="won", winner="treatment", now=now())
    start(name="fewer-trees", treatment=models[0])
    roll_back("payment", actor="user/ann", now=now())
    page = text_of(scientist.post(reverse(ONE, args=["fewer-trees"]), {"stop": "control"}, follow=True))
    assert "fewer-trees no longer has its share of the traffic" in page
    assert "rolled back" in page


def test_unknown_addresses_give_404(scientist, start):
    start()
    assert scientist.get(reverse(ONE, args=["unheard-of"])).status_code == 404
    assert scientist.post(reverse(ONE, args=["more-trees"]), {"stop": "everything"}).status_code == 404


def test_an_empty_list_says_what_experiments_are(scientist):
    assert "No experiments yet." in text_of(scientist.get(reverse(LIST)))
    assert "No event type has a champion" in text_of(scientist.get(reverse(START)))


def test_pages_need_few_queries_however_many_decisions_there_are(
    scientist, start, django_assert_max_num_queries
):
    start()
    expose("more-trees", 4_000)
    refresh_results(now=now())
    for number in range(5):
        ExperimentResult.objects.create(experiment=f"other-{number}")
    for address in (reverse(LIST), reverse(START), reverse(ONE, args=["more-trees"])):
        with django_assert_max_num_queries(12):
            page = text_of(scientist.get(address))
    assert "Missed-fraud rate so far" in page
    assert "The split is as planned" in page
