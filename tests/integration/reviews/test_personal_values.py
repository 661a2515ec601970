"""Personal values on pages: masked, revealed on request with an entry in the log, or shown without asking."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reviews.models import Case
from scoring.admin_kit.pages import registered_pages
from scoring.log import vault
from scoring.log.models import LogEntry
from tests.factories.lists import defined, listed
from tests.integration.reviews.browsing import LOOK, SEE, WORK, Browse, ReviewCase, kept, page_of, text_of

SECRET, MASK = "192.0.2.77", "192.0.2.x"
MARKER = "198.51.100.203"


def entries(*types: str) -> list[LogEntry]:
    return list(LogEntry.objects.filter(type__in=types or ("personal.revealed", "personal.viewed")))


def actor_of(entry: LogEntry) -> str:
    actor: str = orjson.loads(entry.metadata)["actor"]
    return actor


@pytest.fixture
def case(review_case: ReviewCase) -> Case:
    return review_case("T-1", ip=kept(SECRET))


def entity_page(value: str = SECRET) -> str:
    return f"{reverse('admin:entities')}?kind=ip&value={vault.digest_of('ip', value)}"


def pages_of(case: Case, value: str = SECRET) -> list[str]:
    at = [case.event_position]
    return [
        page_of(case),
        reverse("admin:event", args=at),
        reverse("admin:event_links", args=at),
        entity_page(value),
    ]


def test_a_reviewer_sees_masks(browse: Browse, case: Case) -> None:
    ana = browse("ana", *WORK)
    for page in pages_of(case):
        seen = text_of(ana.get(page))
        assert MASK in seen, page
        assert SECRET not in seen, page
        assert "Personal values are masked." in seen, page
    assert entries() == []


@pytest.mark.parametrize("for_all", [True, False])
def test_a_reviewer_asks_for_a_value_and_the_log_says_so(browse: Browse, case: Case, for_all: bool) -> None:
    ana = browse("ana", *WORK)
    asked = "all" if for_all else vault.digest_of("ip", SECRET)
    answer = ana.post(page_of(case), {"reveal": asked, "reveal_reason": " Called  the bank "})
    assert SECRET in text_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    [entry] = entries()
    assert (entry.type, actor_of(entry)) == ("personal.revealed", "user/ana")
    assert orjson.loads(entry.data) == {
        "page": "case",
        "position": case.event_position,
        "values": [{"name": "ip", "digest": vault.digest_of("ip", SECRET)}],
        "reason": "Called the bank",
    }
    assert SECRET not in text_of(ana.get(page_of(case)))


def test_every_page_reveals_what_it_masks(browse: Browse, case: Case) -> None:
    ana = browse("ana", *WORK)
    for page in pages_of(case):
        assert SECRET in text_of(ana.post(page, {"reveal": "all"})), page
    assert len(entries("personal.revealed")) == len(pages_of(case))


def test_without_the_permission_nothing_is_revealed(browse: Browse, case: Case) -> None:
    otto = browse("otto", *LOOK)
    for page in pages_of(case):
        seen = text_of(otto.get(page))
        assert "hidden" in seen, page
        assert MASK not in seen, page
        assert 'name="reveal"' not in seen, page
        assert otto.post(page, {"reveal": "all"}).status_code == 403
    assert entries() == []


def test_a_forged_request_reveals_nothing(browse: Browse, case: Case) -> None:
    browse("ana", *WORK)
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = browse("ana", *WORK).cookies
    assert forged.post(page_of(case), {"reveal": "all"}).status_code == 403
    assert entries() == []


def test_who_need_not_ask_sees_values_and_each_view_is_an_entry(browse: Browse, case: Case) -> None:
    sue = browse("sue", *SEE)
    seen = text_of(sue.get(page_of(case)))
    assert SECRET in seen
    assert 'name="reveal"' not in seen
    [entry] = entries()
    assert (entry.type, actor_of(entry)) == ("personal.viewed", "user/sue")


def test_a_page_without_personal_values_is_no_entry(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case("T-2")
    text_of(browse("sue", *SEE).get(page_of(case)))
    assert entries() == []


def test_an_export_of_personal_values_is_an_entry(browse: Browse) -> None:
    defined("addresses", kind="ip")
    listed("addresses", SECRET, now=timezone.now())
    export = reverse("admin:list_export", args=["addresses"])
    may_look = "scoring.view_valuelist"
    assert SECRET not in body_of(browse("ana", *WORK, may_look).get(export))
    assert entries("personal.exported") == []
    assert SECRET in body_of(browse("sue", *SEE, may_look).get(export))
    [entry] = entries("personal.exported")
    assert orjson.loads(entry.data)["list_name"] == "addresses"


def test_searching_finds_a_value_and_masks_it(browse: Browse, case: Case) -> None:
    found = browse("ana", *WORK).get(reverse("admin:entities"), {"q": SECRET})
    assert [each.words for each in found.context["found"]] == [MASK]


def test_no_page_has_a_personal_value_that_was_not_asked_for(browse: Browse, review_case: ReviewCase) -> None:
    case = review_case("T-1", ip=kept(MARKER))
    defined("addresses", kind="ip")
    listed("addresses", MARKER, now=timezone.now())
    pages = [*pages_with_values(case), *pages_without_parameters()]
    max_ = browse("max", *permissions_without("see_personal"))
    assert [page for page in pages if MARKER in body_of(max_.get(page))] == []
    sue = browse("sue", *permissions_without())
    shown = [page for page in pages_with_values(case) if MARKER in body_of(sue.get(page))]
    assert shown == pages_with_values(case)  # so each would be found above


def pages_with_values(case: Case) -> list[str]:
    digest = vault.digest_of("ip", MARKER)
    return [
        *pages_of(case, MARKER),
        reverse("admin:erase_subject", args=["ip", digest]),
        reverse("admin:list", args=["addresses"]),
        reverse("admin:list_export", args=["addresses"]),
    ]


def pages_without_parameters() -> Iterator[str]:
    lists = ("scoring_event", "scoring_decision", "scoring_label", "scoring_logentry", "reviews_case")
    yield from (reverse(f"admin:{name}_changelist") for name in lists)
    yield from (reverse(f"admin:{page.name}") for page in registered_pages() if "<" not in page.path)


def permissions_without(*codenames: str) -> list[str]:
    rows = Permission.objects.exclude(codename__in=codenames).select_related("content_type")
    return [f"{row.content_type.app_label}.{row.codename}" for row in rows]


def body_of(response: Any) -> str:
    parts = response if isinstance(response, HttpResponse) else response.streaming_content
    return b"".join(parts).decode(errors="replace")
