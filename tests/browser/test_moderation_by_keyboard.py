"""Moderating posts with the keyboard alone: policies, near-duplicates, undo, escalation."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.urls import reverse
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from reviews.models import Case
from reviews.strikes.recording import strikes_of
from reviews.work.claims import claim_case
from scoring.intake.models import Label
from tests.browser.conftest import Browser
from tests.browser.test_every_admin_page import problems_of
from tests.browser.test_review_by_keyboard import QUEUE, page_of
from tests.factories.catalog import catalog_with
from tests.integration.reviews.moderation import SPAM, appeal, judge, open_note

TEXT = "FREE iphone on my channel"


@pytest.fixture
def moderator(transactional_db: None, online_redis: redis.Redis) -> Iterator[User]:
    with catalog_with("tests.factories.moderated"):
        user = User.objects.create_user("ana", password="secret", is_staff=True)
        user.groups.add(Group.objects.get(name="analyst"))
        yield user


@pytest.fixture
def note(moderator: User) -> Callable[..., Case]:
    """Opens the case of a note; `given` are its fields and data of its decision."""

    def open_case(external_id: str, **given: Any) -> Case:
        return open_note(external_id, now=datetime.now(UTC), **{"text": TEXT, **given})

    return open_case


def test_a_raid_is_settled_by_one_verdict_and_undone_at_once(
    browser: Browser, note: Callable[..., Case]
) -> None:
    copies = [note(f"N-{number}", copy="aa", author=f"author-{number}") for number in range(3)]
    first = note("N-first", copy="aa", score=0.99)
    browser.log_in("ana", "secret", at=QUEUE)
    browser.press("n")
    browser.wait_until(lambda: browser.path == page_of(first))
    browser.wait_until(lambda: TEXT in browser.text)

    browser.press(Keys.ENTER)
    browser.wait_until(lambda: "Choose a verdict first" in browser.text)
    assert not browser.has(".rv-policy select")
    browser.press("1")  # the policy chooses the verdict
    browser.wait_until(lambda: browser.has(".rv-policy select"))
    assert browser.driver.find_element(By.CSS_SELECTOR, "[value=violating]").is_selected()
    browser.press("m", "z", "p", Keys.ENTER)

    browser.wait_until(lambda: "Decided 4 cases as" in browser.text)
    assert set(Case.objects.values_list("action", "state")) == {("limit", "decided")}
    assert Label.objects.filter(effective="violating").count() == 4
    assert [len(strikes_of(case.event_stream)) for case in (first, *copies)] == [1, 1, 1, 1]

    browser.driver.find_element(By.CSS_SELECTOR, "[value=undo_all]").click()
    browser.wait_until(lambda: "4 verdicts undone" in browser.text)
    assert set(Case.objects.values_list("state", flat=True)) == {"open"}
    assert browser.errors() == []


def test_the_pages_of_moderation_fit_a_phone_and_are_accessible(
    browser: Browser, note: Callable[..., Case], moderator: User
) -> None:
    claimed = note("N-1", copy="aa", thread="t-1", text=f"{TEXT} " * 20)
    note("N-2", copy="aa", thread="t-1")
    now = datetime.now(UTC)
    removed = judge(note("N-3", copy="aa"), now=now, reviewer="bo", **SPAM, strike=True)
    appealed = appeal(content="N-3", now=now)
    for case in (claimed, appealed):
        claim_case(case.pk, reviewer="ana", now=now)
    browser.log_in("ana", "secret", at=QUEUE)
    addresses = [
        *(page_of(case) for case in (claimed, removed, appealed)),
        *(QUEUE, reverse("admin:moderation"), reverse("admin:statement", args=[removed.pk])),
        f"{reverse('admin:entities')}?kind=author&value=ann",
    ]
    found = {address: problems_of(browser, address) for address in addresses}
    assert {address: problems for address, problems in found.items() if problems} == {}


def test_a_note_is_left_up_or_escalated_by_keyboard(browser: Browser, note: Callable[..., Case]) -> None:
    doubtful, fine = note("N-2"), note("N-1", score=0.99)
    browser.log_in("ana", "secret", at=QUEUE)
    browser.press("n")
    browser.wait_until(lambda: browser.path == page_of(fine))
    browser.press("1", "l", "1", Keys.ENTER)  # leaving it up unticks the policy
    browser.wait_until(lambda: browser.path == page_of(doubtful))
    fine.refresh_from_db()
    assert (fine.verdict, fine.policies, fine.action) == ("acceptable", {}, "allow")

    browser.press("e")
    browser.wait_until(lambda: "Write a note first: say what is to be decided" in browser.text)
    browser.press("Is this satire?", Keys.ESCAPE)
    browser.press("e")
    browser.wait_until(lambda: browser.path == QUEUE)
    doubtful.refresh_from_db()
    assert doubtful.escalated_by == "ana"
    assert browser.errors() == []
