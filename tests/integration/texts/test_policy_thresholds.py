"""Thresholds that the ruleset's policy sets for content policies: live, replayed, simulated and explained."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.decisions.explanations.document import explain_event
from scoring.decisions.simulation.answering import answer_request
from scoring.decisions.simulation.asking import texts_of_models
from scoring.decisions.simulation.hits_as_data import data_of_bank_hits
from scoring.intake.answers import decision_from
from scoring.intake.receive import received_entry
from scoring.learning.training.runs import TrainingRun
from scoring.registry.loaded_models import load_model
from scoring.replay.service import replay
from scoring.rules.banks.search.lookup import NO_BANK_HITS
from scoring.rules.policies.policy import FIXED, MODEL, Terms
from scoring.rules.ruleset.stream import append_changes, current_version
from scoring.timestamps import to_iso
from tests.factories.models import promote
from tests.factories.payments import submission
from tests.factories.policies import policy, staged, store_policy
from tests.integration.texts.conftest import Decide
from tests.integration.texts.test_text_models import BEGINNING, SPAM, TALK

pytestmark = pytest.mark.django_db(transaction=True)

STRICT = {"spam": Terms(FIXED, {"review": 0.000_001, "block": 0.99999})}


def rule_spam() -> None:
    store_policy("active", event_type="comment", terms=Terms(MODEL), heads=STRICT, now=datetime.now(UTC))


def test_the_policy_sets_the_thresholds_of_the_heads_that_it_names(
    trained: TrainingRun, decide: Decide
) -> None:
    promote(trained.name)
    before = decide("C-1", TALK).data
    rule_spam()
    data = decide("C-2", TALK).data
    assert (before["outcome"], before["policies"]["spam"]["outcome"]) == ("allow", "allow")
    spam, scam = data["policies"]["spam"], data["policies"]["scam"]
    assert (data["outcome"], data["decided_by"], spam["outcome"]) == ("review", "model", "review")
    assert spam["thresholds"] == dict(STRICT["spam"].thresholds)
    assert (spam["policy"], data["policy"]) == (
        {"number": 1, "mode": "fixed"},
        {"number": 1, "mode": "model"},
    )
    assert spam["reasons"]
    assert scam["thresholds"] == load_model(trained.name).heads["scam"].thresholds
    assert "policy" not in scam


def test_decisions_of_before_and_after_a_policy_are_replayed(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    decide("C-1", SPAM)
    rule_spam()
    decide("C-2", TALK)
    decide("C-3", SPAM)
    retired = staged(policy(event_type="comment"), "archived")
    append_changes([retired], actor="user/lea", now=datetime.now(UTC))
    last = decide("C-4", TALK).data
    assert "policy" not in last["policies"]["spam"]
    report = replay("comment", since=BEGINNING, until=datetime.now(UTC) + timedelta(minutes=1))
    assert (report.decisions, report.identical) == (4, 4)


def test_the_api_and_the_explanation_name_the_version(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    rule_spam()
    entry = decide("C-1", TALK)
    answer = decision_from(entry.data)["policies"]
    assert answer["spam"]["policy"] == {"mode": "fixed", "number": 1}
    assert answer["scam"]["policy"] is None
    explained = explain_event("comment/forum/C-1", now=datetime.now(UTC))
    assert explained["decision"]["policies"] == answer


def test_a_simulation_shows_the_thresholds_and_where_they_come_from(
    trained: TrainingRun, decide: Decide
) -> None:
    promote(trained.name)
    rule_spam()
    payload = {"type": "comment", "id": "new", "occurred_at": "2026-02-01T00:00:00Z", "author": "ann"}
    sent = submission({**payload, "text": TALK})
    request: dict[str, Any] = {
        "event": received_entry(sent, source="forum").data,
        "hits": [],
        "banked": data_of_bank_hits(NO_BANK_HITS),
        "ruleset": current_version(),
        "expressions": [],
        "texts": texts_of_models(sent),
        "now": to_iso(datetime.now(UTC)),
    }
    answer = answer_request(request)
    heads = answer["stages"]["policy"]["policies"]
    assert answer["decision"]["outcome"] == "review"
    assert heads["spam"]["thresholds"] == dict(STRICT["spam"].thresholds)
    assert (heads["spam"]["from"], heads["spam"]["number"], heads["spam"]["mode"]) == ("policy", 1, "fixed")
    assert heads["scam"]["from"] == "model"
