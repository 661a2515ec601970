"""A case page shows the decided cases whose events got their scores for the same reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import numpy as np
import pytest
import redis
from django.db import connection

from reviews.console.entity_index import ENTITIES, EntityRef
from reviews.erasure.erasing import erase_subject
from reviews.models import Case
from reviews.models.similar import CaseExplanation
from reviews.queue.opening import CASES
from reviews.similar import database, following
from reviews.similar.database import INDEX, is_indexed, prepare_search
from reviews.similar.following import SIMILAR
from reviews.work.checks import choose_golden
from reviews.work.claims import claim_case
from reviews.work.verdicts import decide_case, undo_verdict
from scoring.decisions.explanation import contributions_of
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.registry.loaded_models import load_model
from scoring.signals import redis_connections as connections
from tests.factories.log import decided, received
from tests.integration.reviews.browsing import LOOK, Browse, page_of, text_of
from tests.integration.reviews.test_explained_decisions import decide_one, small_model  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
MERCHANT, AMOUNT, HOUR = "card_is_new_merchant", "amount", "hour_of_day"


@pytest.fixture(autouse=True)
def services(transactional_db: None, online_redis: redis.Redis) -> None:
    connections.client.cache_clear()
    load_model.cache_clear()


def reasons(contributions: dict[str, float]) -> list[dict[str, Any]]:
    return [
        {
            "code": name,
            "feature": name,
            "value": None,
            "usual": None,
            "contribution": size,
            "text": f"The {name} is odd",
        }
        for name, size in contributions.items()
    ]


def case_of(external_id: str, contributions: dict[str, float], **fields: Any) -> Case:
    """The case of a payment with these contributions to its score."""
    [event] = append([received(external_id, **fields)], now=NOW)
    how = {"outcome": "review", "score": 0.5, "margin": 0.0, "reasons": reasons(contributions)}
    append([decided(event, feature_set="0" * 64, **how)], now=NOW)
    for consumer in (CASES, ENTITIES):
        catch_up(consumer, now=NOW)
    return Case.objects.get(pk=event.position)


def decide(case: Case, *, verdict: str = "fraud", code: str = "stolen_card") -> Case:
    claim_case(case.pk, reviewer="ben", now=NOW)
    decide_case(case.pk, verdict=verdict, reason_code=code, reviewer="ben", now=NOW)
    catch_up(SIMILAR, now=NOW)
    return Case.objects.get(pk=case.pk)


def panel_of(browse: Browse, case: Case) -> Any:
    return browse("ana", *LOOK).get(page_of(case)).context["similar"]


def test_the_nearest_decided_cases_are_shown_with_verdict_and_shared_reasons(browse: Browse) -> None:
    alike = decide(case_of("T-1", {MERCHANT: 1.2, AMOUNT: 0.6}))
    other = decide(case_of("T-2", {AMOUNT: -0.9, HOUR: 0.5}), verdict="legitimate", code="usual_behaviour")
    case_of("T-3", {MERCHANT: 1.0, AMOUNT: 0.5})  # without a verdict
    case = case_of("T-4", {MERCHANT: 1.0, AMOUNT: 0.5})
    text = text_of(browse("ana", *LOOK).get(page_of(case)))
    panel = panel_of(browse, case)
    assert [each.case.pk for each in panel.cases] == [alike.pk, other.pk]
    first, second = panel.cases
    assert (first.likeness, first.shared) == (
        "nearly the same reasons",
        [f"The {MERCHANT} is odd", f"The {AMOUNT} is odd"],
    )
    assert (second.likeness, second.shared) == ("few reasons in common", [])
    assert first.similarity > 0.99
    assert second.similarity < 0
    assert "Similar decided cases" in text
    assert "shares 2 of 2 main ones" in text
    assert f"/admin/cases/{alike.pk}/" in text


def test_an_undone_verdict_is_no_longer_an_example(browse: Browse) -> None:
    decide(first := case_of("T-1", {MERCHANT: 1.2}))
    case = case_of("T-2", {MERCHANT: 1.0})
    assert len(panel_of(browse, case).cases) == 1
    undo_verdict(first.pk, reviewer="ben", now=NOW)
    assert panel_of(browse, case).cases == []  # even before the consumer has followed
    catch_up(SIMILAR, now=NOW)
    assert not CaseExplanation.objects.exists()


def test_a_verdict_that_is_withheld_from_the_reviewer_is_not_shown(browse: Browse) -> None:
    golden = decide(case_of("T-1", {MERCHANT: 1.2}))
    case = case_of("T-2", {MERCHANT: 1.0})
    choose_golden(golden.pk, golden=True, reviewer="lea", now=NOW)
    Case.objects.filter(pk=golden.pk).update(quality_check=Case.Check.GOLDEN)  # asked again
    assert panel_of(browse, case).cases == []


def test_events_without_a_score_have_no_panel(browse: Browse) -> None:
    [event] = append([received("T-1")], now=NOW)
    append([decided(event, outcome="review", score=None, margin=None, basis="no_model")], now=NOW)
    catch_up(CASES, now=NOW)
    case = decide(Case.objects.get(pk=event.position))
    assert not CaseExplanation.objects.exists()
    assert panel_of(browse, case) is None


def test_the_explanation_is_that_of_the_decision_before_the_verdict() -> None:
    case = case_of("T-1", {MERCHANT: 1.2})
    decide(case)
    before = CaseExplanation.objects.values().get()
    [event] = [entry for entry in _stream(case) if entry.type == "event.received"]
    how = {"score": 0.1, "margin": 0.0, "reasons": reasons({HOUR: 0.9}), "feature_set": "0" * 64}
    append([decided(event, revision=1, **how)], now=NOW)
    assert rebuild_consumer(SIMILAR, now=NOW) == 1
    assert CaseExplanation.objects.values().get() == before


def _stream(case: Case) -> list[Entry]:
    return read_stream(case.event_stream)


def test_erasing_a_subject_deletes_the_explanations_of_its_events() -> None:
    decide(case_of("T-1", {MERCHANT: 1.2}, customer="eve"))
    decide(kept := case_of("T-2", {MERCHANT: 1.2}, customer="tom"))
    subject = EntityRef("customer", "eve", "eve", personal=False)
    erase_subject(subject, reason="asked for it", actor="user/lea", now=NOW + timedelta(minutes=1))
    catch_up(SIMILAR, now=NOW)
    assert [row.pk for row in CaseExplanation.objects.all()] == [kept.pk]
    rebuild_consumer(SIMILAR, now=NOW)
    assert [row.pk for row in CaseExplanation.objects.all()] == [kept.pk]


def test_the_vector_has_all_contributions_of_a_model_that_can_be_read(small_model: Any) -> None:  # noqa: F811
    small_model()
    decision = decide_one()
    contributions = contributions_of(decision)
    assert len(contributions) > len(decision.data["reasons"])
    assert sum(contributions.values()) == pytest.approx(
        decision.data["margin"] - _bias(decision, len(contributions)), abs=1e-5
    )


def _bias(decision: Entry, width: int) -> float:
    assert decision.packed is not None
    return float(np.frombuffer(decision.packed, "<f8")[2 * width])


def test_the_index_is_created_as_soon_as_the_extension_is_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {INDEX}")
    with (
        mock.patch.object(database, "has_vector", return_value=False),
        mock.patch.object(database, "create_vector", return_value=False),
    ):
        assert not prepare_search()
    assert not is_indexed()
    following.forget_all()  # what a rebuild begins with
    assert is_indexed()
