"""Open cases are scored anew by a later champion; the score of the decision stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from reviews.console.entity_index import ENTITIES
from reviews.models import Case, CaseRefresh
from reviews.queue.opening import CASES
from reviews.refresh.refreshing import refresh_scores
from reviews.tasks import refresh_scores as refresh_task
from reviews.work.claims import claim_case
from reviews.work.verdicts import decide_case
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.result_sets.score import ScoringRequest, score_period
from scoring.log.consumers.registry import catch_up
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.models import promote, train_small_models
from tests.factories.payments import MARCH, payments

pytestmark = pytest.mark.django_db(transaction=True)

THRESHOLDS = {"review": 0.0, "block": 1.0}
NOW = datetime.now(UTC)


@pytest.fixture
def models(transactional_db: None, online_redis: redis.Redis, settings: Any, tmp_path: Path) -> list[str]:
    """Two models; the first one has decided six payments, which all are open cases."""
    settings.VAR_DIR, settings.OFFLINE_URL = tmp_path / "var", str(tmp_path / "offline")
    connections.client.cache_clear()
    models = train_small_models(15, 30, thresholds=THRESHOLDS)
    promote(models[0])
    decide(payments(6))
    return models


def decide(submissions: Any) -> None:
    receive_events(submissions, source="shop", now=NOW)
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass
        runner.finish()
    for consumer in (CASES, ENTITIES):
        catch_up(consumer, now=NOW)


def refreshed() -> dict[str, float]:
    return {row.case.event_stream: row.score for row in CaseRefresh.objects.select_related("case")}


def test_scores_are_those_of_batch_scoring_and_the_case_keeps_its_own(
    models: list[str], tmp_path: Path
) -> None:
    before = list(Case.objects.order_by("pk").values())
    assert refresh_scores(now=NOW) == {models[0]: 0}  # decided by the champion itself
    promote(models[1])
    assert refresh_scores(now=NOW) == {models[1]: 6}
    request = ScoringRequest(models[1], MARCH, MARCH + timedelta(days=1), str(tmp_path / "set"))
    score_period(request, now=NOW)
    table = pq.read_table(tmp_path / "set" / "part-00000.parquet").to_pydict()
    assert refreshed() == dict(zip(table["stream"], table["score"], strict=True))
    assert list(Case.objects.order_by("pk").values()) == before
    assert refresh_task() == {models[1]: 0}  # nothing is scored twice


def test_closed_cases_and_those_of_the_champion_have_no_second_score(models: list[str]) -> None:
    promote(models[1])
    refresh_scores(now=NOW)
    case = Case.objects.order_by("pk").first()
    assert case is not None
    claim_case(case.pk, reviewer="ana", now=NOW)
    decide_case(case.pk, verdict="legitimate", reason_code="usual_behaviour", reviewer="ana", now=NOW)
    refresh_scores(now=NOW)
    assert CaseRefresh.objects.count() == 5
    promote(models[0])
    refresh_scores(now=NOW)
    assert not CaseRefresh.objects.exists()


def test_pages_show_it_and_the_queue_can_be_ordered_by_it(models: list[str]) -> None:
    promote(models[1])
    refresh_scores(now=NOW)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    last = client.get(reverse("admin:queue")).context["lines"][-1].case
    CaseRefresh.objects.filter(pk=last.pk).update(score=0.875, rank=1e9)
    first = client.get(reverse("admin:queue") + "?order=now").context["lines"][0]
    assert (first.case.pk, first.now) == (last.pk, 0.875)
    text = client.get(reverse("admin:case", args=[last.pk])).content.decode()
    assert "Score now" in text
    assert f"by {models[1]}" in text
    assert "is the champion since" not in text
    promote(models[0])  # the refreshed score is no longer of the champion, but the decision is
    text = client.get(reverse("admin:case", args=[last.pk])).content.decode()
    assert f"{models[0]} is the champion since" in text
