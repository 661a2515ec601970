"""Rules read scores of policies and resemblances: live, replayed, tried and backtested the same."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring.learning.training.runs import TrainingRun
from scoring.replay.service import replay
from scoring.rules.rules.trial.decided_events import FeatureColumns, read_decided_events
from tests.factories.models import promote
from tests.factories.rules import store_rule
from tests.integration.texts.conftest import Decide
from tests.integration.texts.test_text_models import BEGINNING, SPAM, TALK

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rule_on_a_policy_decides_and_is_replayed(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    store_rule(
        "active",
        event_type="comment",
        name="spammy",
        expression="policy_spam > 0.8 && text_resemblance_spam > 0.0",
        outcome="review",
        now=datetime.now(UTC),
    )
    spam, talk = decide("C-1", SPAM).data, decide("C-2", TALK).data
    assert [each["name"] for each in spam["findings"]] == ["spammy"]
    assert talk["findings"] == []
    report = replay("comment", since=BEGINNING, until=datetime.now(UTC) + timedelta(minutes=1))
    assert (report.decisions, report.identical) == (2, 2)


def test_a_trial_reads_what_the_decision_logged(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    logged = decide("C-1", SPAM).data["policies"]
    [event] = read_decided_events(["comment/forum/C-1"], columns=FeatureColumns("comment"))
    assert event.features["policy_spam"] == logged["spam"]["score"]
    assert event.features["text_resemblance_spam"] > 0
