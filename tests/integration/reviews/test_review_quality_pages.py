"""The figures of reviewers, on the page for leads and on the private one, and the settings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from reviews.models import Case
from reviews.quality.figures import QualityFigures, Share, quality_figures
from reviews.quality.stored import quality_settings
from reviews.work import claims, verdicts
from reviews.work.consequences import granting_verdicts
from scoring.catalog.registry import event_types
from scoring.intake.labels import LabelStatement, record_labels
from tests.integration.reviews.browsing import WORK, Browse, text_of
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.test_quality_checks import FRAUD, LEGITIMATE, check_all

OpenCase = Callable[..., Case]
LEAD = (
    *("reviews.view_givenverdict", "reviews.view_storedreviewquality", "reviews.set_reviewquality"),
    "reviews.adjudicate_case",
)
SPAN = {"since": DAY - timedelta(days=1), "until": DAY + timedelta(days=1)}


def decide(case: Case, reviewer: str, verdict: dict[str, str], *, seconds: int, **how: bool) -> Case:
    claims.claim_case(case.pk, reviewer=reviewer, now=DAY, **how)
    at = DAY + timedelta(seconds=seconds)
    return verdicts.decide_case(case.pk, reviewer=reviewer, **verdict, now=at, **how)


@pytest.fixture
def reviewed(open_case: OpenCase) -> None:
    """Four first verdicts of ana, all reviewed by bo: two agree, and lea overturned one of the others."""
    check_all()
    for number, (first, second) in enumerate(
        [(FRAUD, FRAUD), (LEGITIMATE, LEGITIMATE), (FRAUD, LEGITIMATE), (LEGITIMATE, FRAUD)]
    ):
        case = decide(open_case(f"T-{number}"), "ana", first, seconds=60 * (number + 1))
        case = decide(case, "bo", second, seconds=30)
    decide(case, "lea", FRAUD, seconds=10, adjudications=True)  # the last one


def figures_of(reviewer: str = "") -> QualityFigures:
    granting = granting_verdicts(event_types().values())
    return quality_figures(**SPAN, granting=granting, reviewer=reviewer)


def test_the_figures_of_reviewers(reviewed: None) -> None:
    found = figures_of()
    ana, bo, lea = found.reviewers
    assert [each.reviewer for each in found.reviewers] == ["ana", "bo", "lea"]
    assert (ana.verdicts, ana.checks, bo.verdicts, bo.checks, lea.checks) == (4, 0, 0, 4, 1)
    assert list(ana.seconds or ()) == [105.0, 150.0, 195.0]
    assert (ana.agreement, bo.agreement, lea.agreement) == (Share(2, 4), Share(2, 4), Share(0, 0))
    assert ana.overturned == Share(1, 4)
    assert found.agreement == Share(2, 4)
    assert found.cohen is not None
    assert found.cohen.value == pytest.approx(0.0)
    [(week, (agreement, golden))] = found.by_week.items()
    assert (week.isoformat(), agreement, golden) == ("2026-03-02", Share(2, 4), Share(0, 0))


def test_a_later_dispute_overturns_a_verdict(open_case: OpenCase) -> None:
    case = decide(open_case("T-1"), "ana", LEGITIMATE, seconds=10)
    assert figures_of().reviewers[0].overturned == Share(0, 1)
    statement = LabelStatement("payment", case.event_stream.split("/")[2], "fraud", "chargeback")
    source = case.event_stream.split("/")[1]
    record_labels([statement], source=source, now=DAY + timedelta(hours=1), actor="api_key/k")
    assert figures_of().reviewers[0].overturned == Share(1, 1)


def test_an_undone_verdict_does_not_count(open_case: OpenCase) -> None:
    case = decide(open_case("T-1"), "ana", LEGITIMATE, seconds=10)
    verdicts.undo_verdict(case.pk, reviewer="ana", now=DAY + timedelta(seconds=20))
    assert figures_of().reviewers == []


def test_a_reviewer_sees_only_their_own_figures(browse: Browse, reviewed: None) -> None:
    query = "?from=2026-03-01&to=2026-03-05"
    answer = browse("ana", *WORK).get(f"/admin/my-reviews/{query}")
    assert "25.0" in text_of(answer)  # one of her four verdicts was overturned
    assert answer.context["own"]["reviewer"] == "ana"
    assert "rows" not in answer.context
    assert [each.reviewer for each in figures_of("ana").reviewers] == ["ana"]
    assert browse("ana").get("/admin/review-quality/").status_code == 403


def test_figures_of_today_are_not_on_the_private_page(browse: Browse, open_case: OpenCase) -> None:
    case = open_case("T-1", now=datetime.now(UTC))
    now = datetime.now(UTC)
    claims.claim_case(case.pk, reviewer="ana", now=now)
    verdicts.decide_case(case.pk, reviewer="ana", **FRAUD, now=now)
    tomorrow = f"{now + timedelta(days=1):%Y-%m-%d}"
    page = text_of(browse("ana", *WORK).get(f"/admin/my-reviews/?to={tomorrow}"))
    assert f'name="to" value="{now - timedelta(days=1):%Y-%m-%d}"' in page


def test_the_page_for_leads(browse: Browse, reviewed: None) -> None:
    lea = browse("lea", *LEAD)
    page = text_of(lea.get("/admin/review-quality/?from=2026-03-01&to=2026-03-05&type=payment"))
    for words in ("ana", "bo", "Cohen", "Fleiss", "1 case waits for an adjudicator", "2 min 30 s"):
        assert words in page
    empty = text_of(lea.get("/admin/review-quality/?from=2025-03-01&to=2025-03-05"))
    assert "No verdicts in this period." in empty


def test_leads_set_the_checks_of_a_type(browse: Browse) -> None:
    lea, address = browse("lea", *LEAD), "/admin/review-quality/payment/"
    sent = {"second_reviews": "5", "golden_items": "2", "tell_missed": "on", "reason": "start"}
    assert lea.post(address, sent).status_code == 302
    settings = quality_settings.of("payment")
    assert [each.share for each in settings.checks] == [0.05, 0.02]
    assert (settings.tell_missed, settings.golden_from_agreed) == (True, False)
    assert "start" in text_of(lea.get(address))
    refused = lea.post(address, {**sent, "golden_items": "30"})
    assert "less than or equal to 20" in text_of(refused)
