"""Comments on cases: anybody who works cases, at any time, without deciding anything."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from reviews.errors import CaseNotFound, InvalidVerdict
from reviews.models import Case
from reviews.work.comments import comment_on_case
from reviews.work.notes import MAX_NOTE_LENGTH
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.integration.reviews.browsing import LOOK, WORK, Browse, ReviewCase, page_of, take, text_of

pytestmark = pytest.mark.django_db(transaction=True)
FRAUD = {"action": "decide", "verdict": "fraud", "reason_code": "stolen_card", "note": "seen it before"}
NOW = datetime.now(UTC)


def test_a_comment_changes_nothing_but_the_history(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    ben = browse("ben", *WORK)
    take(browse("ana", *WORK))
    before = Case.objects.values().get()
    page = text_of(
        ben.post(page_of(case), {"action": "comment", "comment": " Called the shop. "}, follow=True)
    )
    assert "Called the shop." in page
    after = Case.objects.values().get()
    assert {name for name in after if after[name] != before[name]} == {"version"}
    entry = read_stream(f"case/{case.event_stream}")[-1]
    assert (entry.type, entry.metadata["actor"]) == ("case.commented", "user/ben")
    assert "Called" not in str(entry.data)  # its text is in the vault


def test_the_note_of_a_verdict_stays_beside_it_when_others_comment(
    browse: Browse, review_case: ReviewCase
) -> None:
    case = review_case()
    ana = browse("ana", *WORK)
    take(ana)
    ana.post(page_of(case), FRAUD)
    ana.post(page_of(case), {"action": "comment", "comment": "The customer called back."})
    response = ana.get(page_of(case))
    assert response.context["last_note"] == "seen it before"
    assert response.context["steps"][0].note == "The customer called back."
    ana.post(page_of(case), {"action": "undo"})
    ana.post(page_of(case), {"action": "comment", "comment": "I was too fast."})
    assert ana.get(page_of(case)).context["draft"].note == "seen it before"  # offered again


def test_only_people_who_work_cases_comment(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case()
    client = browse("otto", *LOOK)
    assert client.post(page_of(case), {"action": "comment", "comment": "x"}).status_code == 403
    assert "Add comment" not in text_of(client.get(page_of(case)))


@pytest.mark.parametrize("text", ["", " \x00 ", "x" * (MAX_NOTE_LENGTH + 1)])
def test_an_empty_or_too_long_comment_is_refused(open_case: Callable[..., Case], text: str) -> None:
    case = open_case()
    with pytest.raises(InvalidVerdict):
        comment_on_case(case.pk, reviewer="ana", text=text, now=NOW)
    with pytest.raises(CaseNotFound):
        comment_on_case(case.pk + 10**9, reviewer="ana", text="x", now=NOW)


def test_cases_with_comments_are_rebuilt_row_for_row(open_case: Callable[..., Case]) -> None:
    comment_on_case(open_case().pk, reviewer="ana", text="x", now=NOW)
    before = Case.objects.values().get()
    rebuild_projections([find_projection("case")])
    assert Case.objects.values().get() == before
