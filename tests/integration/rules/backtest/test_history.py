"""What a backtest says of events that were loaded as history, which nobody decided."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from scoring.catalog.registry import event_type
from scoring.intake.amending.corrections import correct_event, retract_event
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import receive_events, received_entry
from scoring.jobs.queue import JobQueue
from scoring.lanes import queue as pending
from scoring.lanes.lock import held_lane
from scoring.learning.dataset.vectors_and_labels import read_vectors
from scoring.log.writing.bulk import append_bulk
from scoring.rules.backtest.changes import Change, ListChange, PolicyChange, RuleChange
from scoring.rules.backtest.errors import NothingToBacktest
from scoring.rules.backtest.jobs import backtests as jobs
from scoring.rules.backtest.jobs import running
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.pages.result_page import weekly_plot
from scoring.rules.backtest.pages.start_form import usual_period
from scoring.rules.backtest.pages.words import cautions
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.backtest.results import BacktestResult
from scoring.rules.backtest.run import run_backtest
from scoring.rules.lists.keys import key_of
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.states.history import sequence_history
from tests.factories.lists import defined, listed
from tests.factories.payments import MARCH, payment_payload, payments, submission
from tests.factories.policies import store_policy
from tests.factories.rules import store_rule

LANE = "commerce"
PAYMENT = event_type("payment")
Load = Callable[[int], None]


@pytest.fixture
def load_payments(
    online_redis: redis.Redis,
    transactional_db: None,
    settings: Any,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Load:
    """Loads `count` payments of March as history: five cards take turns, one payment a minute."""
    settings.VAR_DIR = tmp_path / "var"
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)
    settings.OFFLINE_URL = str(tmp_path / "offline")
    connections.client.cache_clear()

    def load(count: int) -> None:
        now = datetime.now(UTC)
        entries = [received_entry(event, source="shop", history=True) for event in payments(count)]
        pending.enqueue_history(append_bulk(entries, now=now), lane=LANE, now=now)
        sequence_history(LANE)

    return load


def work() -> None:
    """Let the lane do everything that waits."""
    with held_lane(LANE):
        runner = LaneRunner(LANE)
        while runner.step():
            pass


def tried(change: Change, *, since: datetime = MARCH, until: datetime | None = None) -> BacktestResult:
    """The result of trying a change on March, as of today."""
    request = BacktestRequest("payment", change, since, until or MARCH + timedelta(days=1))
    return run_backtest(request, now=datetime.now(UTC))


def say(number: int, value: str) -> None:
    record_labels(
        [LabelStatement("payment", f"T-{number}", value, "chargeback")],
        source="shop",
        now=datetime.now(UTC),
        history=True,
    )


def names(result: BacktestResult, which: str) -> set[str]:
    return {event["event"].rpartition("/")[2] for event in result.lists[which]["events"]}


def test_labeled_history_gives_a_rule_its_precision_and_recall(load_payments: Load) -> None:
    load_payments(13)
    store_rule(expression="amount >= 20.5", outcome="block")  # T-10, T-11, T-12
    for number, value in ((10, "fraud"), (11, "legitimate"), (3, "fraud")):
        say(number, value)
    result = tried(RuleChange("velocity", 1))
    share, history = result.hit_classes.positive_share, result.without_decision
    assert (result.decided_events, result.undecided_events, result.immature) == (0, 13, 0)
    assert (share.hits, share.rows) == (1, 3)
    assert (history.recall(changed=True).hits, history.recall(changed=True).rows) == (1, 2)
    assert history.newly_caught.positive_stake == 2_050
    assert names(result, "fraud_caught") == {"T-10"}
    assert names(result, "good_hit") == {"T-11", "T-12"}


def test_features_have_the_values_that_training_gives_them(load_payments: Load) -> None:
    load_payments(40)
    store_rule(expression="card_count_1h >= 3.0", outcome="block")
    vectors = read_vectors("payment", vocabulary={})
    counts = vectors.X[:, vectors.feature_names.index("card_count_1h")]
    expected = int((counts >= 3).sum())
    result = tried(RuleChange("velocity", 1))
    assert 0 < expected < 40
    assert (result.hit_events, result.unknown, result.lacking) == (expected, 0, 0)
    assert not np.isnan(counts).any()


def test_decided_events_and_history_are_added_up_apart(load_payments: Load) -> None:
    load_payments(13)
    receive_events(payments(5, start=13), source="shop", now=datetime.now(UTC))
    work()
    store_rule(expression="amount >= 10.0", outcome="block")
    result = tried(RuleChange("velocity", 1), until=datetime.now(UTC) + timedelta(hours=1))
    assert [cell[:2] + cell[3:4] for cell in result.cells] == [["review", "block", 5]]
    assert [cell[:2] + cell[3:4] for cell in result.undecided] == [["allow", "block", 13]]
    assert (result.events, result.hit_events, result.differing) == (18, 18, 0)


def test_weeks_between_history_and_decisions_are_shown_empty(load_payments: Load) -> None:
    load_payments(3)
    receive_events(payments(2, start=3), source="shop", now=MARCH + timedelta(weeks=4))
    work()
    store_rule(expression="amount >= 10.0", outcome="block")
    result = tried(RuleChange("velocity", 1), until=datetime.now(UTC) + timedelta(hours=1))
    bars = weekly_plot(result).series[0].points
    assert (bars[0][1], bars[1][1], bars[-1][1]) == (3, 0, 2)
    assert {after - before for (before, _), (after, _) in pairwise(bars)} == {timedelta(weeks=1)}


def test_only_events_that_occurred_in_the_period_count(load_payments: Load) -> None:
    load_payments(13)
    store_rule(expression="amount >= 10.0", outcome="block")
    result = tried(
        RuleChange("velocity", 1), since=MARCH + timedelta(minutes=3), until=MARCH + timedelta(minutes=7)
    )
    assert names(result, "newly_blocked") == {"T-3", "T-4", "T-5", "T-6"}


def test_a_corrected_event_counts_once_as_it_was_received_and_a_retracted_one_not_at_all(
    load_payments: Load,
) -> None:
    load_payments(13)
    corrected = submission(payment_payload(2, amount="99.00"))
    correct_event(corrected, source="shop", reason="the till was wrong", now=datetime.now(UTC))
    retract_event("payment/shop/T-12", reason="a test of the till", now=datetime.now(UTC))
    work()
    store_rule(expression="amount >= 20.5 && card_count_1h >= 0.0", outcome="block")
    result = tried(RuleChange("velocity", 1))
    assert names(result, "newly_blocked") == {"T-10", "T-11"}
    assert (result.decided_events, result.undecided_events) == (0, 12)


def load_without_sequencing(count: int, *, after: int) -> None:
    now = datetime.now(UTC)
    entries = [
        received_entry(event, source="shop", history=True) for event in payments(after + count)[after:]
    ]
    pending.enqueue_history(append_bulk(entries, now=now), lane=LANE, now=now)


def test_history_that_is_not_sequenced_yet_is_left_out_and_counted(load_payments: Load) -> None:
    load_payments(10)
    load_without_sequencing(3, after=10)
    store_rule(expression="amount > 0.0", outcome="block")
    result = tried(RuleChange("velocity", 1))
    assert (result.events, result.unsequenced) == (10, 3)
    [caution] = [each for each in cautions(result, BacktestJob(), PAYMENT) if "left out" in each]
    assert caution.startswith("3 events of the period are left out, because their lane has not sequenced")


def test_a_period_with_nothing_but_unsequenced_history_says_so(load_payments: Load) -> None:
    load_without_sequencing(3, after=0)
    store_rule(expression="amount > 0.0", outcome="block")
    with pytest.raises(NothingToBacktest, match="3 events wait to be sequenced"):
        tried(RuleChange("velocity", 1))


def test_lists_find_history_as_they_are_today(load_payments: Load) -> None:
    load_payments(10)
    defined()
    listed("stolen_cards", "card-1")
    store_rule("active", expression='listed(card, "stolen_cards")', outcome="review")
    result = tried(ListChange("stolen_cards", added=((key_of("card-2").hex(), "card-2"),)))
    moved = {(before, after): events for before, after, _, events, _ in result.undecided}
    assert moved == {("block", "block"): 2, ("allow", "block"): 2, ("allow", "allow"): 6}
    assert names(result, "newly_blocked") == {"T-2", "T-7"}


def test_the_page_says_that_history_was_not_decided(load_payments: Load, client: Client) -> None:
    load_payments(13)
    store_rule(expression="amount >= 20.5", outcome="block")
    say(10, "fraud")
    request = BacktestRequest("payment", RuleChange("velocity", 1), MARCH, MARCH + timedelta(days=1))
    number = jobs.request_backtest(request, actor="user/ana", now=datetime.now(UTC))
    assert running.run_job(number)
    client.force_login(User.objects.create_superuser("ana"))
    page = " ".join(client.get(reverse("admin:backtest", args=[number])).content.decode().split())
    assert "13 events have no decision" in page
    assert "Events without a decision: what rules and lists alone ask for" in page
    assert "Outcomes without the change and with it" not in page
    assert "Fraud found in history" in page
    assert "Fraud not allowed" not in page


def test_the_form_reaches_back_to_history_whose_labels_are_mature(load_payments: Load) -> None:
    now = datetime.now(UTC)
    without = usual_period(now)
    load_payments(3)
    assert usual_period(now)["since"] == MARCH + timedelta(minutes=2) - timedelta(days=30)
    assert usual_period(now)["until"] == without["until"]
    assert without["since"] > MARCH


def test_a_policy_has_nothing_to_say_without_scores(load_payments: Load) -> None:
    load_payments(3)
    store_policy()
    with pytest.raises(NothingToBacktest, match="no history that this change can be tried on"):
        tried(PolicyChange(1))
