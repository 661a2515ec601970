"""Appeals by a signed link: filed once without an account, followed until their outcome."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from reviews.appeals import tries
from reviews.appeals.errors import AppealLinkExpired, AppealLinkInvalid, NotAppealable, NothingToAppeal
from reviews.appeals.figures import appeal_figures
from reviews.appeals.filing import MAX_TEXT, issue_link
from reviews.appeals.following import appeals_about
from reviews.appeals.links import AppealLink, make_link, read_link
from reviews.errors import NothingToClaim, OwnVerdictAppealed
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from reviews.statements.reviewed import review_of
from reviews.work import claims
from reviews.work.verdicts import undo_verdict
from scoring.api.keys.issue import create_key
from scoring.intake.errors import EventNotFound
from scoring.intake.models import Label
from tests.integration.reviews.browsing import LOOK, Browse, browse, text_of  # noqa: F401 - a fixture
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    SPAM,
    consume,
    judge,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
GRANT = {"verdict": "granted", "reason_code": "misread"}
REJECT = {"verdict": "rejected", "reason_code": "rightly_decided"}
PLEA = {"party": "affected", "text": "I meant no harm"}
NOTE = "note/shop/N-1"


@pytest.fixture(autouse=True)
def no_tries() -> Iterator[None]:
    tries._counts.clear()
    yield
    tries._counts.clear()


def page_of(link: AppealLink) -> str:
    return f"/appeals/{link.token}/"


def link_for(case: Case) -> AppealLink:
    return issue_link(case.event_stream, now=datetime.now(UTC))


def appeal_case(link: AppealLink) -> Case:
    consume()
    return Case.objects.get(event_stream=f"note_appeal/shop/{link.appeal_id}")


def test_a_link_is_read_until_it_expires_and_cannot_be_changed() -> None:
    link = make_link(NOTE, valid_for=timedelta(days=1), now=DAY)
    assert read_link(link.token, now=DAY) == link
    with pytest.raises(AppealLinkExpired):
        read_link(link.token, now=link.expires_at)
    for changed in (link.token[:-1], "x" + link.token[1:], "", "a:b:c"):
        with pytest.raises(AppealLinkInvalid):
            read_link(changed, now=DAY)


def test_the_page_files_one_appeal_and_then_says_how_it_stands() -> None:
    case = judge(open_note(text="Buy now, Jo!"), **SPAM)
    link, visitor = link_for(case), Client()
    form = text_of(visitor.get(page_of(link)))
    assert "N-1" in form
    assert "Jo" not in form  # nothing of the event but the sender's reference
    assert "ann" not in form

    for _ in range(2):  # sent twice
        assert "Your appeal was received" in text_of(visitor.post(page_of(link), PLEA))
    appealed = appeal_case(link)
    assert Case.objects.filter(about=case.pk).count() == 1
    assert (appealed.why, appealed.about, appealed.not_for) == ("appeal", case.pk, "ana")

    judge(appealed, reviewer="bo", **GRANT)
    assert "The decision was overturned" in text_of(visitor.get(page_of(link)))
    assert Label.objects.latest("position").effective == "acceptable"
    assert [(each.status, each.id) for each in appeals_about(case.pk)] == [("overturned", link.appeal_id)]


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"text": "No"}, "Say who you are"),
        ({"party": "nobody", "text": "No"}, "Say who you are"),
        ({"party": "rights_holder", "text": "My picture"}, "Third parties give their name"),
        ({"party": "affected", "text": " \x00 "}, "Say why the decision is wrong"),
        ({"party": "affected", "text": "x" * (MAX_TEXT + 1)}, "This has 5,001 characters"),
    ],
)
def test_an_incomplete_appeal_is_shown_again_with_what_is_wrong(sent: dict[str, str], problem: str) -> None:
    link = link_for(judge(open_note(), **SPAM))
    answer = Client().post(page_of(link), {name: text.replace("\x00", "") for name, text in sent.items()})
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Case.objects.filter(why="appeal").exists()


def test_only_third_parties_object_to_what_is_allowed_and_that_reverses_the_label() -> None:
    case = judge(open_note(), verdict="acceptable", reason_code="within_rules")
    link = link_for(case)
    refused = Client().post(page_of(link), PLEA)
    assert refused.status_code == 422
    assert "only third parties can object" in refused.content.decode()

    Client().post(page_of(link), {"party": "rights_holder", "party_name": "Acme", "text": "It is ours"})
    appealed = judge(appeal_case(link), reviewer="bo", **GRANT)
    assert Label.objects.latest("position").effective == "violating"
    review = review_of(case.pk, "note")
    assert review is not None
    assert (review.verdict, review.granted) == ("violating", appealed)
    undo_verdict(appealed.pk, reviewer="bo", now=DAY)
    assert Label.objects.latest("position").effective == "acceptable"


def test_links_that_cannot_be_used_say_why() -> None:
    judge(open_note(), **SPAM)
    expired = make_link(NOTE, valid_for=timedelta(days=1), now=DAY)
    answer = Client().get(page_of(expired))
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (410, "no-referrer")
    assert "expired" in answer.content.decode()
    assert Client().get("/appeals/nonsense/").status_code == 404


def test_an_address_with_too_many_requests_is_refused_for_a_minute() -> None:
    statuses = [Client().get("/appeals/nonsense/").status_code for _ in range(tries.MAX_TRIES + 1)]
    assert statuses == [*[404] * tries.MAX_TRIES, 429]


def test_links_are_issued_for_decided_events_of_types_with_appeals_only() -> None:
    with pytest.raises(EventNotFound):
        issue_link("note/shop/N-404", now=DAY)
    receive("note", "N-2", author="ann", text="Hello")
    with pytest.raises(NothingToAppeal):
        issue_link("note/shop/N-2", now=DAY)
    receive("note_appeal", "A-1", author="ann", content="N-2", text="No")
    with pytest.raises(NotAppealable, match="event types with appeals: note"):
        issue_link("note_appeal/shop/A-1", now=DAY)


def test_a_reviewer_with_a_verdict_on_the_event_does_not_get_the_appeal() -> None:
    case = judge(open_note(), **SPAM)
    GivenVerdict.objects.filter(event_position=case.pk).update(reviewer="cy")  # as one who confirmed would
    appealed = appeal_case_of(case)
    with pytest.raises(OwnVerdictAppealed):
        claims.claim_case(appealed.pk, reviewer="cy", now=DAY)
    with pytest.raises(NothingToClaim):
        claims.claim_next_case(reviewer="cy", now=DAY)
    assert claims.claim_next_case(reviewer="bo", now=DAY).pk == appealed.pk


def appeal_case_of(case: Case, plea: dict[str, str] = PLEA) -> Case:
    link = link_for(case)
    Client().post(page_of(link), plea)
    return appeal_case(link)


def test_the_sender_gets_links_and_the_outcome_through_the_api() -> None:
    case = judge(open_note(), **SPAM)
    _, token = create_key(
        name="shop", source="shop", scopes=["events:read"], now=datetime.now(UTC), actor="user/dana"
    )
    api: Any = Client(headers={"Authorization": f"Bearer {token}"})
    issued = api.post("/api/v1/events/note/N-1/appeal-link")
    assert issued.status_code == 201
    path = "/appeals/" + issued.json()["url"].split("/appeals/")[1]
    sent = {"party": "rights_holder", "party_name": "Acme Records", "text": "Not theirs"}
    Client().post(path, sent)
    consume()
    judge(Case.objects.get(about=case.pk), reviewer="bo", **REJECT)
    [appeal] = api.get("/api/v1/events/note/N-1/appeals").json()["appeals"]
    assert (appeal["id"], appeal["status"]) == (issued.json()["appeal"], "upheld")
    assert appeal["decided_at"]
    refused = api.post("/api/v1/events/note_appeal/N-1/appeal-link")
    assert (refused.status_code, refused.json()["type"]) == (404, "/api/problems/event-not-found")


def test_the_page_of_appeals_has_figures_and_rows(browse: Browse) -> None:  # noqa: F811
    case = judge(open_note(), **SPAM)
    judge(appeal_case_of(case), reviewer="bo", now=datetime.now(UTC), **GRANT)
    appeal_case_of(case, {"party": "authority", "party_name": "Police", "text": "It is a threat"})
    since = datetime.now(UTC) - timedelta(days=1)
    figures = appeal_figures(since=since, event_types=["note_appeal"])
    assert (figures.pending, figures.decided, figures.changed, figures.share) == (1, 1, 1, 1.0)
    page = text_of(browse("lea", *LOOK).get("/admin/appeals/"))
    assert "overturned" in page
    assert "pending" in page
    assert "N-1" in page
