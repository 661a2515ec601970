"""A reviewer errs; a blind second review finds it, an adjudicator settles it, and the label is corrected.

Afterwards the case, chosen as a golden item, is given to a newcomer, who misses it without changing anything.
"""

from datetime import UTC, datetime

import pytest

from reviews.models import Case
from reviews.models.quality import GivenVerdict
from scoring.intake.models import Label
from tests.integration.reviews.browsing import (  # noqa: F401 - fixtures
    QUEUE,
    WORK,
    Browse,
    ReviewCase,
    browse,
    page_of,
    review_case,
    take,
    text_of,
)

LEAD = (
    *("reviews.set_reviewquality", "reviews.view_storedreviewquality", "reviews.view_givenverdict"),
    *("reviews.adjudicate_case", "reviews.choose_golden"),
)
FRAUD = {"action": "decide", "verdict": "fraud", "reason_code": "stolen_card"}
LEGITIMATE = {"action": "decide", "verdict": "legitimate", "reason_code": "confirmed_by_customer"}
SETTINGS = "/admin/review-quality/payment/"


def effective_label(case: Case) -> str | None:
    return Label.objects.filter(event_stream=case.event_stream).latest("position").effective


def test_second_review_corrects_a_label(
    browse: Browse,  # noqa: F811
    review_case: ReviewCase,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lea, ana, bo, cy = (browse(name, *WORK) for name in ("lea", "ana", "bo", "cy"))
    browse("lea", *LEAD)
    checks = {"second_reviews": "100", "golden_items": "0", "reason": "a first week of double reviews"}
    assert lea.post(SETTINGS, checks).status_code == 302

    case = review_case("T-1", card="card-1")
    assert take(ana) == page_of(case)
    ana.post(page_of(case), FRAUD)
    assert effective_label(case) == "fraud"

    assert take(ana) == QUEUE  # it is open again, for another reviewer
    assert take(bo) == page_of(case)
    seen = text_of(bo.get(page_of(case)))
    assert "No labels yet" in seen
    assert "ana" not in seen.split("Case history")[1].split("</section>")[0]
    bo.post(page_of(case), LEGITIMATE)
    assert effective_label(case) == "fraud"  # until an adjudicator decides

    assert take(cy) == QUEUE
    assert take(lea) == page_of(case)
    assert "Two reviewers disagree." in text_of(lea.get(page_of(case)))
    lea.post(page_of(case), LEGITIMATE)
    assert effective_label(case) == "legitimate"
    case.refresh_from_db()
    assert (case.state, case.verdict, case.decided_by) == ("decided", "legitimate", "lea")

    lea.post(page_of(case), {"action": "golden", "golden": "yes"})
    told = {"second_reviews": "0", "golden_items": "20", "tell_missed": "on", "reason": "newcomers"}
    assert lea.post(SETTINGS, told).status_code == 302
    monkeypatch.setattr("reviews.work.checks.gets_golden_item", lambda *args, **how: True)
    review_case("T-2", stake=1_000)
    assert take(cy) == page_of(case)
    labels = Label.objects.count()
    after = cy.post(page_of(case), FRAUD, follow=True).content.decode()
    assert "That was a golden item: its known answer is legitimate, and you said fraud." in after
    assert (Label.objects.count(), effective_label(case)) == (labels, "legitimate")

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    figures = text_of(lea.get(f"/admin/review-quality/?to={today}"))
    assert "Golden items" in figures
    given = GivenVerdict.objects.order_by("position").values_list("kind", "reviewer", "agrees")
    assert list(given) == [
        ("first", "ana", None),
        ("second", "bo", False),
        ("adjudication", "lea", False),
        ("golden", "cy", False),
    ]
