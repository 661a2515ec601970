"""The pages of backtests: what they show, what they refuse, and who may use them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from scoring.jobs.queue import JobQueue
from scoring.rules.backtest.changes import RuleChange
from scoring.rules.backtest.jobs import backtests as jobs
from scoring.rules.backtest.jobs import running
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.lists.keys import key_of
from tests.factories.lists import defined
from tests.factories.policies import store_policy
from tests.factories.rules import store_rule
from tests.integration.rules.backtest.conftest import Decide

pytestmark = pytest.mark.django_db(transaction=True)

START = "admin:backtest_start"
PERIOD = {"since": "2026-01-01T00:00", "until": "2026-02-01T00:00"}


@pytest.fixture(autouse=True)
def messages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: sent.append(number))
    return sent


def person(*permissions: str) -> Client:
    user = User.objects.create_user("ana", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def analyst(transactional_db: None) -> Client:
    return person("view_backtestjob", "add_backtestjob", "cancel_backtestjob", "view_rule", "view_event")


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def finished(decide_payments: Decide) -> BacktestJob:
    decide_payments(13)
    store_rule(expression="amount > 18.0", outcome="block")
    now = datetime.now(UTC)
    period = now - timedelta(hours=1), now + timedelta(hours=1)
    number = jobs.request_backtest(
        BacktestRequest("payment", RuleChange("velocity", 1), *period), actor="user/ana", now=now
    )
    assert running.run_job(number)
    return jobs.backtests.find(number)


def test_a_rule_is_requested_from_the_form(analyst: Client) -> None:
    store_rule()
    form = text_of(analyst, reverse(START) + "?kind=rule&version=payment/velocity/1")
    assert '<option value="payment/velocity/1" selected>' in form
    sent = {"kind": "rule", "version": "payment/velocity/1", **PERIOD}
    response = analyst.post(reverse(START), sent)
    job = BacktestJob.objects.get()
    assert response["Location"] == reverse("admin:backtest", args=[job.number])
    assert (job.subject, job.requested_by, job.since.isoformat()) == (
        *("rule/velocity", "user/ana", "2026-01-01T00:00:00+00:00"),
    )


def test_values_of_a_list_are_parsed_line_by_line(analyst: Client) -> None:
    defined("networks", kind="ip", match="network")
    given = {"kind": "list", "list_name": "networks", "on": "payment", **PERIOD}
    refused = analyst.post(reverse(START), {**given, "added": "203.0.113.0/24\n\nnowhere"})
    assert "Line 3 is not a network" in refused.content.decode()
    assert not BacktestJob.objects.exists()
    analyst.post(reverse(START), {**given, "added": "203.0.113.0/24\n\n", "action": "watch"})
    change = BacktestJob.objects.get().change
    assert change["added"] == [[key_of("203.0.113.0/24").hex(), "203.0.113.0/24"]]
    assert (change["removed"], change["action"]) == ([], "watch")


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"kind": "list", "list_name": "stolen_cards", "on": "payment"}, "Nothing would change"),
        ({"kind": "rule", "version": "payment/velocity/9"}, "is not one of the available choices"),
        (
            {"kind": "rule", "version": "payment/velocity/1", "until": "2025-12-01T00:00"},
            "not before the end",
        ),
        ({"kind": "rule", "version": "payment/velocity/1", "since": "2999-01-01T00:00"}, "in the future"),
        ({"kind": "policy", "version": ""}, "This field is required"),
    ],
)
def test_a_refused_form_says_why_and_requests_nothing(
    analyst: Client, sent: dict[str, str], problem: str
) -> None:
    store_rule()
    defined()
    store_policy()
    response = analyst.post(reverse(START), {**PERIOD, "until": "2999-02-01T00:00", **sent})
    assert problem in response.content.decode()
    assert not BacktestJob.objects.exists()


def test_without_anything_to_try_the_form_says_so(analyst: Client) -> None:
    assert "There is no rule yet" in text_of(analyst, reverse(START))
    assert "There is no policy yet" in text_of(analyst, reverse(START) + "?kind=policy")


def test_the_result_names_events_and_figures(decide_payments: Decide, analyst: Client) -> None:
    job = finished(decide_payments)
    page = text_of(analyst, reverse("admin:backtest", args=[job.number]))
    assert "Rule velocity, version 1" in page
    assert "T-12</a>" in page  # newly blocked, as a link
    assert "No event is mature" in page


def test_the_list_shows_what_was_tried(decide_payments: Decide, analyst: Client) -> None:
    finished(decide_payments)
    page = text_of(analyst, reverse("admin:scoring_backtestjob_changelist"))
    assert "rule velocity, version 1" in page
    assert "5 of 13 change" in page


def test_the_page_of_a_rule_offers_and_shows_backtests(decide_payments: Decide, analyst: Client) -> None:
    job = finished(decide_payments)
    page = text_of(analyst, reverse("admin:rule", args=["payment", "velocity"]))
    assert "?kind=rule&amp;version=payment/velocity/1" in page
    assert f"Backtest {job.number}</a>" in page


def test_lists_and_policies_offer_a_backtest(transactional_db: None) -> None:
    client = person("add_backtestjob", "view_valuelist", "view_storedpolicy")
    defined()
    store_policy()
    assert "?kind=list&amp;list_name=stolen_cards" in text_of(
        client, reverse("admin:list", args=["stolen_cards"])
    )
    assert "?kind=policy&amp;version=payment/1" in text_of(client, reverse("admin:policy", args=["payment"]))


def test_a_queued_backtest_is_cancelled_on_its_page(analyst: Client) -> None:
    store_rule()
    analyst.post(reverse(START), {"kind": "rule", "version": "payment/velocity/1", **PERIOD})
    job = BacktestJob.objects.get()
    assert "Waiting in the queue" in text_of(analyst, reverse("admin:backtest", args=[job.number]))
    analyst.post(reverse("admin:backtest", args=[job.number]))
    assert BacktestJob.objects.get().state == "cancelled"
    again = analyst.post(reverse("admin:backtest", args=[job.number]), follow=True)
    assert "Nothing changed" in again.content.decode()


def test_only_those_permitted_request_and_cancel(transactional_db: None) -> None:
    store_rule()
    auditor = person("view_backtestjob")
    assert auditor.get(reverse(START)).status_code == 403
    assert auditor.post(reverse(START), {"kind": "rule"}).status_code == 403
    assert "New backtest" not in text_of(auditor, reverse("admin:scoring_backtestjob_changelist"))
    now = datetime.now(UTC)
    asked = BacktestRequest("payment", RuleChange("velocity", 1), now - timedelta(days=1), now)
    number = jobs.request_backtest(asked, actor="user/bob", now=now)
    page = reverse("admin:backtest", args=[number])
    assert "Cancel this backtest" not in text_of(auditor, page)
    assert auditor.post(page).status_code == 403


def test_an_unknown_backtest_is_not_found(analyst: Client) -> None:
    assert analyst.get(reverse("admin:backtest", args=[99])).status_code == 404
