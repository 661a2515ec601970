"""Cases of other sources than review: scores near a threshold, explored events, risks that rose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reviews.models import Case
from reviews.queue.sources.settings import SourceSettings
from reviews.queue.sources.stored import review_sources
from reviews.refresh.candidates import open_candidates
from scoring.batch.risk.models import RiskProfile
from scoring.log.append import append
from scoring.log.entries import Entry
from tests.factories.log import decided, received
from tests.integration.reviews.browsing import WORK, Browse, text_of
from tests.integration.reviews.conftest import DAY, consume, revise

OpenCase = Callable[..., Case]
LET_THROUGH = {"share": 0.1, "drawn": True, "propensity": 0.1, "stopped_by": ""}
PAGE = "/admin/review-sources/payment/"


def switch_on(*names: str, per_day: int = 50) -> None:
    sources = tuple(
        replace(each, share=1.0 if each.name in names else 0.0, per_day=per_day)
        for each in SourceSettings().sources
    )
    review_sources.change(
        "payment", SourceSettings(sources=sources), reason="learn", actor="user/lea", now=DAY
    )


def allow(external_id: str, **data: Any) -> Entry:
    """An event that was allowed; gives its receipt."""
    [event] = append([received(external_id)], now=DAY)
    thresholds = {"review": 0.5, "block": 0.9}
    append([decided(event, outcome="allow", thresholds=thresholds, decided_at=DAY, **data)], now=DAY)
    return event


def whys() -> dict[int, str]:
    return dict(Case.objects.values_list("pk", "why"))


def test_no_source_opens_cases_until_it_is_switched_on(open_case: OpenCase) -> None:
    allow("T-2", score=0.48)
    consume()
    assert whys() == {}


def test_uncertain_and_explored_events_become_cases_within_the_cap_of_a_day(open_case: OpenCase) -> None:
    switch_on("uncertain", "explored", per_day=2)
    uncertain = [allow(f"U-{number}", score=0.48).position for number in range(3)]
    explored = allow("X-1", score=0.95, exploration=LET_THROUGH).position
    allow("T-1", score=0.1)
    consume()
    assert whys() == {uncertain[0]: "uncertain", uncertain[1]: "uncertain", explored: "explored"}
    later = allow("U-9", score=0.48).position
    consume()
    assert later not in whys()


def test_a_case_for_learning_stays_open_when_its_event_is_decided_again(open_case: OpenCase) -> None:
    switch_on("uncertain")
    event = allow("U-1", score=0.48)
    consume()
    revise(event, outcome="allow", score=0.1)
    consume()
    case = Case.objects.get()
    assert (case.state, case.why, case.score) == ("open", "uncertain", 0.1)


def test_candidates_are_past_events_of_entities_whose_risk_rose(open_case: OpenCase) -> None:
    risen, steady, reviewed = allow("T-1"), allow("T-2"), open_case("T-3")
    consume()
    for entity, event, history in (
        ("c-1", risen.position, [0.1, 0.6]),
        ("c-2", steady.position, [0.6, 0.6]),
        ("c-3", reviewed.pk, [0.1, 0.7]),
    ):
        RiskProfile.objects.create(
            view="payment.card_risk",
            entity=entity,
            score=history[-1],
            weight=1,
            total=1,
            events=[[event, 0.5, 0]],
            version=2,
            as_of=DAY,
            history_at=[DAY, DAY],
            history_scores=history,
        )
    assert open_candidates(now=DAY) == {}
    switch_on("candidate")
    assert open_candidates(now=DAY + timedelta(days=8)) == {"payment": 0}  # too long ago
    assert open_candidates(now=DAY) == {"payment": 1}
    assert open_candidates(now=DAY) == {"payment": 0}
    assert whys() == {reviewed.pk: "review", risen.position: "candidate"}


def test_a_lead_switches_sources_on(browse: Browse, open_case: OpenCase) -> None:
    lea = browse("lea", *WORK, "reviews.view_reviewqueue", "reviews.set_reviewqueue")
    sent = {"margin": "0.1", "rise": "0.2", "reason": "learn more"}
    for name in ("uncertain", "explored", "candidate"):
        sent |= {f"{name}_share": "0", f"{name}_per_day": "10"}
    done = lea.post(PAGE, {**sent, "uncertain_share": "25"}, follow=True)
    assert "hold from the next decision on" in text_of(done)
    settings = review_sources.of("payment")
    assert (settings.source("uncertain").share, settings.margin) == (0.25, 0.1)
    assert "at most 10 a day" in text_of(lea.get("/admin/review-queues/"))
    assert "why=uncertain" in text_of(lea.get("/admin/queue/"))
