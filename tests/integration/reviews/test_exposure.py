"""Limits of viewing hold wherever sensitive content is shown: pages of cases and events, lists, files."""

from datetime import UTC, datetime, timedelta

import pytest

from reviews.models import Case, ReviewerAction
from reviews.work import claims
from reviews.work.viewing import has_opened
from scoring.content.media.handling import why_not_shown
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.integration.reviews.browsing import Browse, text_of
from tests.integration.reviews.moderation import notes, open_note  # noqa: F401 (a fixture)
from tests.integration.reviews.test_wellness import limited, sensitive

pytestmark = pytest.mark.usefixtures("notes")
WORK = ("reviews.view_case", "reviews.work_case", "scoring.view_event")
WITHHELD = "Sensitive content is not shown now"
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def harmful(external_id: str, *, text: str = "something cruel", **fields: str) -> Case:
    return sensitive(open_note(external_id, text=text, now=now(), **fields))


def address(case: Case, page: str = "cases") -> str:
    return f"/admin/{page}/{case.pk}/"


def test_a_look_at_an_unclaimed_case_counts_once_an_hour(browse: Browse) -> None:
    case, ana = harmful("N-1"), browse("ana", *WORK)
    limited("ana", sensitive_per_hour=5)
    for page in ("cases", "events", "cases"):
        assert "something cruel" in text_of(ana.get(address(case, page)))
    seen = ReviewerAction.objects.get()
    assert (seen.reviewer, seen.event_position, seen.sensitive) == ("ana", case.pk, True)
    case.refresh_from_db()
    assert case.state == "open"
    assert has_opened(case, "ana", now=now())
    assert not has_opened(case, "ana", now=now() + HOUR)


def test_nothing_is_counted_for_reviewers_without_limits_and_for_other_cases(browse: Browse) -> None:
    case, plain = harmful("N-1"), open_note("N-2", now=now())
    bo, ana = browse("bo", *WORK), browse("ana", *WORK)
    limited("ana", sensitive_per_hour=5)
    bo.get(address(case))
    ana.get(address(plain))
    assert not ReviewerAction.objects.exists()


@pytest.mark.parametrize("page", ["cases", "events"])
def test_at_the_limit_pages_withhold_what_the_reviewer_has_not_opened(browse: Browse, page: str) -> None:
    first, second, plain = harmful("N-1"), harmful("N-2"), open_note("N-3", now=now())
    ana = browse("ana", *WORK)
    limited("ana", sensitive_per_hour=1)
    ana.get(address(first))
    withheld = text_of(ana.get(address(second, page)))
    assert WITHHELD in withheld
    assert "You have opened 1 sensitive case within the last hour" in withheld
    assert "something cruel" not in withheld
    assert "Claim this case" not in withheld
    assert "something cruel" in text_of(ana.get(address(first, page)))  # it counts already
    assert WITHHELD not in text_of(ana.get(address(plain, page)))
    assert ReviewerAction.objects.count() == 1
    assert "something cruel" in text_of(browse("bo", *WORK).get(address(second, page)))


def test_a_case_that_is_held_can_be_finished_and_one_that_was_opened_claimed(browse: Browse) -> None:
    first, second = harmful("N-1"), harmful("N-2")
    ana = browse("ana", *WORK)
    limited("ana", sensitive_per_hour=1)
    ana.get(address(first))
    assert claims.claim_case(first.pk, reviewer="ana", now=now()).claimed_by == "ana"
    assert "something cruel" in text_of(ana.get(address(first)))
    page = text_of(ana.post(address(second), {"action": "claim"}, follow=True))
    assert "You have opened 1 sensitive case within the last hour" in page
    assert WITHHELD in page


def test_while_a_break_is_due_sensitive_cases_are_withheld(browse: Browse) -> None:
    first, second = open_note("N-1", now=now()), harmful("N-2")
    ana = browse("ana", *WORK)
    limited("ana", work_minutes=5, break_minutes=10)
    for ago in (9, 1):
        claims.claim_case(first.pk, reviewer="ana", now=now() - timedelta(minutes=ago))
    assert "You have reviewed for 8 minutes" in text_of(ana.get(address(second)))


def test_at_the_limit_lists_of_near_duplicates_hide_the_texts_of_sensitive_cases(browse: Browse) -> None:
    first = harmful("N-1")
    harmful("N-2", copy="aa")
    plain = open_note("N-3", text="harmless", copy="aa", now=now())
    ana = browse("ana", *WORK)
    limited("ana", sensitive_per_hour=1)
    assert "something cruel" in text_of(ana.get(address(plain)))
    ana.get(address(first))
    page = text_of(ana.get(address(plain)))
    assert "harmless" in page
    assert "something cruel" not in page


def test_files_are_shown_at_the_limit_only_with_a_case_that_was_opened(browse: Browse) -> None:
    first, second = harmful("N-1"), harmful("N-2")
    ana = browse("ana", *WORK)
    limited("ana", sensitive_per_hour=1)
    assert why_not_shown("ana", event_position=0, now=now()) == ""
    ana.get(address(first))
    assert why_not_shown("ana", event_position=first.pk, now=now()) == ""
    for position in (second.pk, 0):
        refused = why_not_shown("ana", event_position=position, now=now())
        assert refused.startswith("Not shown: you have opened 1 sensitive case within the last hour")
    assert why_not_shown("bo", event_position=second.pk, now=now()) == ""


def test_looks_are_rebuilt(browse: Browse) -> None:
    case, ana = harmful("N-1"), browse("ana", *WORK)
    limited("ana", sensitive_per_hour=5)
    ana.get(address(case))
    assert "Looked at without claiming it" in text_of(ana.get(address(case)))
    tables = (ReviewerAction, Case)
    # A case is made sensitive by its decision; here it was done by hand, and is not rebuilt.
    before = [list(table.objects.values()) for table in tables]
    rebuild_projections([find_projection(table._meta.db_table) for table in tables])
    after = [list(table.objects.values()) for table in tables]
    assert after[0] == before[0]
    assert [each | {"sensitive": True} for each in after[1]] == before[1]
