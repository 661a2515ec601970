"""Off-policy estimates of policies on logged decisions: what is read, sampled and shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from scoring.catalog.registry import event_type
from scoring.learning.policies import judged, state
from scoring.learning.policies.off_policy.comparing import compare_off_policy
from scoring.learning.policies.off_policy.reading import read_logged_decisions
from scoring.learning.policies.sampling import stored
from scoring.learning.policies.sampling.models import DecisionSample
from scoring.learning.policies.sampling.stored import JUDGED, draw_sample, refresh_samples
from scoring.learning.policies.state import PolicyState
from scoring.log.append import append
from scoring.rules.backtest.changes import PolicyChange
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.run import run_backtest
from scoring.rules.off_policy.estimating import Figure, OffPolicyResult
from scoring.rules.policies.policy import FIXED, Segment, Terms
from tests.factories.exploring import decision, event, let_through
from tests.factories.log import NOW, labeled
from tests.factories.policies import costs, policy, store_policy
from tests.integration.learning.policies.test_pages import DRAFT, LOOK, client_of, page

pytestmark = pytest.mark.django_db(transaction=True)

PAYMENT = event_type("payment")
MATURE = NOW + PAYMENT.matures_after + timedelta(days=1)
OF_MODEL = {"review": 0.3, "block": 0.8}
NOT_DRAWN = {"share": 0.1, "drawn": False, "propensity": 0.1, "stopped_by": ""}
CAPPED = {"share": 0.1, "drawn": False, "propensity": 0.0, "stopped_by": "amount_cap"}


def decide(name: str, *, at: datetime = NOW, fraud: bool = False, **data: Any) -> None:
    receipt = event(name, at=at)
    decision(receipt, at=at, stake=1_000, **data)
    if fraud:
        append([labeled(receipt.stream)], now=at)


def decide_all(*, at: datetime = NOW) -> None:
    """One event of each kind: what is known of it differs."""
    decide("T-allowed", at=at, score=0.1)
    decide("T-missed", at=at, score=0.2, fraud=True)
    decide("T-reviewed", at=at, score=0.7, outcome="review", fraud=True)
    decide("T-explored", at=at, score=0.9, fraud=True, **let_through(0.1))
    decide("T-blocked", at=at, score=0.95, outcome="block", exploration=NOT_DRAWN)
    decide("T-capped", at=at, score=0.9, outcome="block", exploration=CAPPED)
    decide("T-confirmed", at=at, score=0.85, outcome="block", fraud=True)
    decide("T-listed", at=at, score=0.5, outcome="block", decided_by="list")
    decide("T-unscored", at=at, score=None, basis="no_model", outcome="review")


def figure(result: OffPolicyResult, name: str) -> Figure:
    return next(each for each in result.figures if each.name == name)


def known(decisions: Any) -> dict[float, tuple[bool, float]]:
    """By score: whether the class is revealed, and the propensity."""
    rows = decisions.rows
    return dict(
        zip(
            rows["score"].tolist(),
            zip(rows["revealed"].tolist(), rows["propensity"].tolist(), strict=True),
            strict=True,
        )
    )


def test_logged_decisions_say_what_shows_their_class() -> None:
    decide_all()
    decisions = read_logged_decisions(PAYMENT, now=MATURE)
    assert decisions is not None
    assert len(decisions.rows) == 7  # neither the listed nor the unscored one
    rows = sorted(decisions.rows[["score", "revealed", "propensity", "positive"]].tolist())
    assert rows == [
        (0.1, True, 1.0, False),
        (0.2, True, 1.0, True),
        (0.7, True, 1.0, True),
        (0.85, True, 1.0, True),
        (0.9, False, 0.0, False),
        (0.9, True, 0.1, True),
        (0.95, False, 0.1, False),
    ]
    assert read_logged_decisions(PAYMENT, now=NOW) is None  # nothing is mature


def test_a_stored_sample_has_the_same_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    decide_all()
    read = read_logged_decisions(PAYMENT, now=MATURE)
    monkeypatch.setattr(stored, "MIN_POSITIONS", 0)
    assert draw_sample(PAYMENT, JUDGED, now=MATURE)
    drawn = read_logged_decisions(PAYMENT, now=MATURE)
    assert read is not None
    assert drawn is not None
    assert (drawn.drawn_at, read.drawn_at) == (MATURE, None)
    assert known(drawn) == known(read)
    assert drawn.weight.tolist() == [1.0] * 7
    assert drawn.days == pytest.approx(read.days)
    smaller = read_logged_decisions(PAYMENT, now=MATURE, size=4)
    assert smaller is not None
    assert len(smaller.rows) == 4
    assert np.all(smaller.weight >= 1)


def test_a_sample_from_before_is_drawn_anew_with_the_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    decide_all()
    monkeypatch.setattr(stored, "MIN_POSITIONS", 0)
    refresh_samples(now=MATURE)
    assert refresh_samples(now=MATURE) == []
    DecisionSample.objects.filter(purpose=stored.LOGGED).delete()
    assert refresh_samples(now=MATURE) == ["payment/judged"]


def test_a_policy_is_estimated_against_the_deciding_one() -> None:
    decide_all()
    deciding = PolicyState(PAYMENT, None, of_model=OF_MODEL)
    stricter = policy(terms=Terms(FIXED, {"review": 0.15, "block": 0.6}))
    compared = compare_off_policy(deciding, stricter, costs=costs(), now=MATURE)
    assert compared is not None
    result = compared.result
    assert (result.explored, result.unknown, result.moved) == (1, 1, 0)
    precision = figure(result, "precision")
    # now: blocks of 0.95, 0.9 (capped), 0.9 (explored, 10 times) and 0.85 (confirmed)
    robust = 0.95 + 0.9 + (0.9 + 10 * (1 - 0.9)) + 1.0
    assert precision.before.value == pytest.approx(min(robust / 4, 1.0))
    assert precision.before.snips == pytest.approx(1.0)
    fraud_a_day = figure(result, "fraud_allowed")
    assert fraud_a_day.before.value == pytest.approx(1 / compared.decisions.days)
    assert fraud_a_day.after.value == pytest.approx(0.0)
    assert fraud_a_day.difference is not None
    assert figure(result, "cost").after.value is not None


def test_segments_are_found_for_logged_decisions_too(monkeypatch: pytest.MonkeyPatch) -> None:
    decide_all()
    monkeypatch.setattr(stored, "MIN_POSITIONS", 0)
    draw_sample(PAYMENT, JUDGED, now=MATURE)
    deciding = PolicyState(PAYMENT, None, of_model=OF_MODEL)
    everything = Segment("all", "amount > 0.0", Terms(FIXED, {"block": 0.0}))
    compared = compare_off_policy(deciding, policy(segments=(everything,)), costs=None, now=MATURE)
    assert compared is not None
    assert figure(compared.result, "share_block").after.value == 1.0


def test_without_a_model_or_decisions_there_is_no_estimate() -> None:
    assert compare_off_policy(PolicyState(PAYMENT, None), policy(), costs=None, now=MATURE) is None
    deciding = PolicyState(PAYMENT, None, of_model=OF_MODEL)
    assert compare_off_policy(deciding, policy(), costs=None, now=MATURE) is None


def test_a_backtest_of_a_policy_has_the_estimate() -> None:
    decide_all()
    store_policy(terms=Terms(FIXED, {"review": 0.15, "block": 0.6}))
    request = BacktestRequest("payment", PolicyChange(1), NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    result = run_backtest(request, now=MATURE)
    estimate = result.estimate
    assert estimate is not None
    assert (estimate.events, estimate.explored, estimate.unknown) == (7, 1, 1)
    assert figure(estimate, "share_block").after.value == pytest.approx(5 / 7)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Who may draft and look at policies and exploration; a champion decides."""
    monkeypatch.setattr(state, "champion_of", lambda name: f"{name}-1")
    stored = state.StoredThresholds(OF_MODEL, {})
    monkeypatch.setattr(state, "stored_thresholds", lambda model: stored)
    for bound in ("MIN_EVENTS", "MIN_POSITIVES"):
        monkeypatch.setattr(judged, bound, 1)
    return client_of("ana", LOOK, DRAFT, "view_storedexploration")


def try_a_draft(client: Client) -> str:
    """The page of a draft that is tried and not saved."""
    sent = {"action": "try", "based_on": "0", "segments": "0", "mode": "fixed"}
    thresholds = {"thresholds.review": "20", "thresholds.block": "60"}
    answer = client.post(reverse("admin:policy_draft", args=["payment"]), {**sent, **thresholds})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_pages_show_the_estimate_and_what_cannot_be_known(client: Client) -> None:
    at = datetime.now(UTC) - PAYMENT.matures_after - timedelta(days=5)
    decide("T-1", at=at, score=0.2, fraud=True)
    decide("T-2", at=at, score=0.9, outcome="block")
    text = try_a_draft(client)
    assert "Off-policy estimate" in text
    assert "No block was let through in this period" in text
    assert f'href="{reverse("admin:exploration_of", args=["payment"])}"' in text
    assert "1 of the blocked events had no chance to be let through" in text
    decide("T-3", at=at, score=0.9, fraud=True, **let_through(0.1))
    assert "No block was let through" not in try_a_draft(client)
    assert "Off-policy estimate" not in page(client)  # there is no version to estimate
    store_policy("shadow")
    assert "Off-policy estimate" in page(client)


def test_before_an_event_is_mature_nothing_is_estimated(client: Client) -> None:
    decide("T-1", at=datetime.now(UTC), score=0.2)
    assert "Off-policy estimate" not in try_a_draft(client)
