"""Four payments of one card are one case: one verdict labels all four, and one undo opens all again."""

from typing import Any

import pytest

from reviews.models import Case
from scoring.intake.models import Label
from tests.integration.reviews.browsing import (  # noqa: F401 - fixtures
    WORK,
    Browse,
    ReviewCase,
    browse,
    page_of,
    review_case,
    take,
    text_of,
)


@pytest.fixture(autouse=True)
def grouped(settings: Any) -> None:
    settings.CASE_GROUP_HOURS = 24


def states() -> set[tuple[str, str]]:
    return set(Case.objects.values_list("state", "verdict"))


def labels() -> set[str | None]:
    latest = Label.objects.order_by("event_stream", "-position").distinct("event_stream")
    return {label.effective for label in latest}


def test_four_payments_of_one_card_are_settled_and_opened_again(
    browse: Browse,  # noqa: F811
    review_case: ReviewCase,  # noqa: F811
) -> None:
    lead, *others = (review_case(f"T-{number}", card="c-1", customer="u-1") for number in range(4))
    ana = browse("ana", *WORK, "reviews.decide_group")
    assert take(ana) == page_of(lead)
    page = text_of(ana.get(page_of(lead)))
    assert "3 more events in this case" in page
    assert "same card and customer" in page
    assert "400.00 USD" in page.replace("\N{NO-BREAK SPACE}", " ")

    also = [str(case.pk) for case in others]
    verdict = {"action": "decide", "verdict": "fraud", "reason_code": "stolen_card", "also": also}
    after = ana.post(page_of(lead), verdict, follow=True)
    assert "Decided 4 cases as" in text_of(after)
    assert states() == {("decided", "fraud")}
    assert labels() == {"fraud"}

    undone = text_of(ana.post(page_of(lead), {"action": "undo_all"}, follow=True))
    assert "4 verdicts undone" in undone
    assert states() == {("open", "")}
    assert labels() == {None}
    assert "3 more events in this case" in undone
    assert take(ana) == page_of(lead)
