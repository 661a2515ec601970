"""The queue and the case page of an event type with policies, as a browser without JavaScript sees them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.contrib.auth.models import Group, User
from pytest_django import DjangoAssertNumQueries

from reviews.models import Case, WellnessLimit
from reviews.work import claims
from reviews.work.verdicts import undo_verdict
from scoring.registry.text_weights import TextWeights
from scoring.texts.ngram_places import COLUMNS, ngram_spans
from tests.integration.reviews.browsing import LOOK, QUEUE, WORK, Browse, page_of, take, text_of
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    SPAM,
    appeal,
    consume,
    decide_event,
    judge,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
FORM = {
    "action": "decide",
    "verdict": "violating",
    "policy": ["spam", "threat"],
    "reason_spam": "same_text",
    "reason_threat": "announces_violence",
    "outcome": "limit",
}


def now() -> datetime:
    return datetime.now(UTC)


def test_the_form_offers_the_policies_reasons_and_actions_of_the_type(browse: Browse) -> None:
    case = open_note(policies={"spam": {"score": 0.97, "outcome": "review"}}, now=now())
    ana = browse("ana", *WORK)
    take(ana)
    page = text_of(ana.get(page_of(case)))
    for told in (
        "Violates a policy",
        "Leave up",
        "Threats",
        "Unwanted advertising",
        "Remove",
        "Strike against",
    ):
        assert told in page
    assert "97\N{NO-BREAK SPACE}%" in page
    assert "Fraud" not in page


def test_several_policies_are_decided_at_once_with_an_action(browse: Browse) -> None:
    case = open_note(now=now())
    ana = browse("ana", *WORK)
    take(ana)
    assert ana.post(page_of(case), FORM).status_code == 302
    case.refresh_from_db()
    assert case.policies == {"spam": "same_text", "threat": "announces_violence"}
    assert (case.action, case.strike) == ("limit", False)
    page = text_of(ana.get(page_of(case)))
    assert "Decided as violating: Spam (The same text many times), Threats (Announces violence" in page
    assert "Limit" in page


def test_leaving_up_ignores_the_action_that_the_form_has_chosen(browse: Browse) -> None:
    case = open_note(now=now())
    ana = browse("ana", *WORK)
    take(ana)
    kept = {"action": "decide", "verdict": "acceptable", "reason_code": "within_rules", "outcome": "block"}
    assert ana.post(page_of(case), kept).status_code == 302
    case.refresh_from_db()
    assert (case.verdict, case.action) == ("acceptable", "allow")


def test_a_refused_verdict_keeps_what_was_ticked(browse: Browse) -> None:
    case = open_note(now=now())
    ana = browse("ana", *WORK)
    take(ana)
    answer = ana.post(page_of(case), FORM | {"reason_spam": "other", "strike": "yes"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="threat" data-verdict="violating" data-key="2" aria-keyshortcuts="2" checked' in page
    assert '<option value="other" data-needs-note selected>' in page
    assert 'value="limit" data-key="m" aria-keyshortcuts="m" checked' in page
    assert "Not decided: this reason needs a note" in page


def test_an_escalated_case_shows_its_note_and_is_taken_by_a_lead(browse: Browse) -> None:
    case = open_note(now=now())
    ana = browse("ana", *WORK)
    take(ana)
    refused = ana.post(page_of(case), {"action": "escalate", "note": ""})
    assert refused.status_code == 422
    assert ana.post(page_of(case), {"action": "escalate", "note": "Is it art?"}).status_code == 302
    page = text_of(ana.get(page_of(case)))
    assert "Escalated by ana" in page
    assert "Is it art?" in page
    assert "Claim this case" not in page

    lea = browse("lea", *WORK, "reviews.decide_escalation")
    assert "N-1" in text_of(lea.get(f"{QUEUE}?why=escalated"))
    assert take(lea) == page_of(case)


def test_an_appeal_is_shown_as_one_and_its_first_reviewer_cannot_take_it(browse: Browse) -> None:
    judge(open_note(now=now()), now=now(), **SPAM)
    case = appeal(now=now())
    page = text_of(browse("ana", *WORK).get(page_of(case)))
    assert "against your own verdict" in page
    ben = browse("ben", *WORK)
    assert take(ben) == page_of(case)
    page = text_of(ben.get(page_of(case)))
    for told in (
        "Grant",
        "Reject",
        "Only limit",
        "I meant no harm",
        "Buy now!",
        "Unwanted advertising",
        "by ana",
    ):
        assert told in page


def test_the_queue_is_narrowed_by_policy_and_the_next_case_comes_from_it(browse: Browse) -> None:
    likely = {"score": 0.9, "outcome": "review"}
    open_note("N-spam", policies={"spam": likely}, now=now(), score=0.99)
    threat = open_note("N-threat", policies={"threat": likely}, now=now())
    ana = browse("ana", *WORK)
    page = text_of(ana.get(f"{QUEUE}?queue=threat"))
    assert "N-threat" in page
    assert "N-spam" not in page
    assert ana.post(QUEUE, {"queue": "threat"}).headers["Location"] == page_of(threat)


def test_the_queue_says_kindly_that_a_break_is_due_and_until_when(browse: Browse) -> None:
    case = open_note(now=now())
    ana = browse("ana", *WORK)
    group = Group.objects.create(name="moderators")
    User.objects.get(username="ana").groups.add(group)
    WellnessLimit.objects.create(group=group, work_minutes=30, break_minutes=10)
    for ago in range(34, 1, -8):
        moment = now() - timedelta(minutes=ago)
        claims.claim_case(case.pk, reviewer="ana", now=moment)
    claims.release_case(case.pk, reviewer="ana", now=now() - timedelta(minutes=1))
    page = text_of(ana.get(QUEUE))
    assert "Time for a break." in page
    assert "You have reviewed for 33 min" in page
    assert take(ana) == QUEUE
    case.refresh_from_db()
    assert case.state == Case.State.OPEN


def test_limits_are_set_by_those_who_may(browse: Browse) -> None:
    address = "/admin/reviews/wellnesslimit/add/"
    assert browse("ana", *WORK).get(address).status_code == 403
    lea = browse("lea", *LOOK, "reviews.add_wellnesslimit", "reviews.view_wellnesslimit")
    group = Group.objects.create(name="moderators")
    sent = {"group": group.pk, "sensitive_per_hour": "20", "work_minutes": "50", "break_minutes": "10"}
    assert lea.post(address, sent).status_code == 302
    assert WellnessLimit.objects.get().sensitive_per_hour == 20
    assert "20" in text_of(lea.get("/admin/reviews/wellnesslimit/"))


def test_the_case_shows_the_text_in_its_conversation(browse: Browse) -> None:
    open_note("N-1", thread="t-1", text="What do you think?", author="bob", now=now())
    case = open_note("N-2", thread="t-1", text="Buy <b>now</b>!", now=now())
    open_note("N-3", thread="t-1", text="Please stop.", author="cy", now=now())
    open_note("N-4", thread="t-2", text="Elsewhere.", author="cy", now=now())
    receive("note_report", "R-1", reporter="bob", content="N-3", thread="t-1", text="A report", now=now())
    consume(now=now())
    page = text_of(browse("ana", *WORK).get(page_of(case)))
    told = ("What do you think?", "Buy &lt;b&gt;now&lt;/b&gt;!", "Please stop.")
    places = [page.index(text) for text in told]
    assert places == sorted(places)
    assert "Elsewhere." not in page
    assert "A report" not in page  # it is about another note, and no part of what was said


def test_texts_are_hidden_from_people_who_do_not_work_cases(browse: Browse) -> None:
    open_note("N-1", thread="t-1", text="Secret one", copy="aa", now=now())
    case = open_note("N-2", thread="t-1", text="Secret two", copy="aa", now=now())
    assert "Secret" not in text_of(browse("otto", *LOOK).get(page_of(case)))


def test_the_case_shows_what_the_same_text_got_before_and_the_strikes_of_its_author(browse: Browse) -> None:
    judge(open_note("N-1", copy="aa", now=now()), now=now(), **SPAM, strike=True)
    receive("note", "N-0", author="ann", now=now())
    case = open_note("N-2", copy="aa", now=now())
    page = text_of(browse("ana", *WORK).get(page_of(case)))
    assert "verdict: remove" in page
    assert '<strong class="ws-num">1</strong> strike in 7 d' in page
    assert "for N-1" in page


def test_a_group_is_decided_from_the_page_and_undone_at_once(browse: Browse) -> None:
    cases = [open_note(f"N-{number}", copy="aa", now=now()) for number in range(3)]
    ana = browse("ana", *WORK, "reviews.decide_group")
    ana.post(page_of(cases[0]), {"action": "claim"})
    page = text_of(ana.get(page_of(cases[0])))
    assert "Give these near-duplicates the same verdict" in page
    also = [cases[1].pk, cases[2].pk]
    ana.post(page_of(cases[0]), {**FORM, "also": also})
    assert set(Case.objects.values_list("state", flat=True)) == {"decided"}
    assert "Decided 3 cases as" in text_of(ana.get(QUEUE))

    ana.post(page_of(cases[0]), {"action": "undo_all"})
    assert set(Case.objects.values_list("state", flat=True)) == {"open"}


def test_near_duplicates_that_software_decided_are_offered_with_what_they_became(browse: Browse) -> None:
    case = open_note("N-1", copy="aa", now=now())
    posts = [receive("note", f"N-{number}", author="bob", text="Buy now!", copy="aa") for number in (2, 3)]
    for post, outcome in zip(posts, ("allow", "block"), strict=True):
        decide_event(post, outcome=outcome, score=0.1, now=now())
    consume(now=now())
    ana = browse("ana", *WORK, "reviews.decide_group")
    ana.post(page_of(case), {"action": "claim"})
    assert "1 remove, 1 allow" in text_of(ana.get(page_of(case)))
    ana.post(page_of(case), {**FORM, "also": [post.position for post in posts]})
    assert "Decided 3 cases as" in text_of(ana.get(QUEUE))
    page = text_of(ana.post(page_of(case), {"action": "undo_all"}, follow=True))
    assert "1 case is back in the queue; for 2 events what software decided holds again" in page


def test_deciding_a_group_takes_its_permission(browse: Browse) -> None:
    first, other = open_note("N-1", copy="aa", now=now()), open_note("N-2", copy="aa", now=now())
    ana = browse("ana", *WORK)
    ana.post(page_of(first), {"action": "claim"})
    assert "Give these near-duplicates the same verdict" not in text_of(ana.get(page_of(first)))
    assert ana.post(page_of(first), {**FORM, "also": [other.pk]}).status_code == 403
    first.refresh_from_db()
    assert first.state == "claimed"


def test_the_page_takes_few_queries_however_many_near_duplicates(
    browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        case = open_note(f"N-{number}", copy="aa", thread="t-1", now=now())
    client = browse("ana", *WORK)
    client.get(page_of(case))
    with django_assert_max_num_queries(45):
        client.get(page_of(case))


def test_the_page_of_an_author_shows_their_strikes_and_those_that_were_lifted(browse: Browse) -> None:
    judge(open_note("N-1", now=now()), now=now(), **SPAM, strike=True)
    undone = judge(open_note("N-2", now=now()), now=now(), **SPAM, strike=True)
    undo_verdict(undone.pk, reviewer="ana", now=now())
    consume()
    otto = browse("otto", *LOOK)
    page = text_of(otto.get("/admin/entities/?kind=author&value=ann"))
    assert '<strong class="ws-num">1</strong> strike in 7 d' in page
    assert "1 was lifted" in page
    assert "strikes in" not in text_of(otto.get("/admin/entities/?kind=thread&value=t-1"))


def weights_of_words(*heads: str, telling: str) -> list[TextWeights]:
    """The text part of a model that knows one word."""
    weights = np.zeros((COLUMNS, len(heads)))
    for column, *_ in ngram_spans(telling):
        weights[column] = 1.0
    return [TextWeights("text", heads, weights, np.zeros(len(heads)), {head: {} for head in heads})]


def test_the_telling_words_of_the_likeliest_policy_are_marked(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = weights_of_words("", "spam", telling="channel")
    monkeypatch.setattr("reviews.pages.content.telling.load_text_weights", lambda name: known)
    likely = {"spam": {"score": 0.9, "outcome": "review"}}
    case = open_note(text="<i>My</i> channel", policies=likely, now=now())
    page = text_of(browse("ana", *WORK).get(page_of(case)))
    assert 'rv-mark--up3">channel</mark>' in page
    assert "speaks for spam" in page
    assert "&lt;i&gt;My&lt;/i&gt;" in page
    assert "rv-mark--up3" not in text_of(browse("otto", *LOOK).get(page_of(case)))


def test_the_page_shows_what_users_reported(browse: Browse) -> None:
    case = open_note(now=now())
    ana, otto = browse("ana", *WORK), browse("otto", *LOOK)
    assert "reports-title" not in text_of(ana.get(page_of(case)))
    for number in range(2):
        told = {"policy": "spam", "text": f"Sent to everyone, {number}"}
        receive("note_report", f"R-{number}", reporter="bob", content="N-1", now=now(), **told)
    receive("note_report", "R-other", reporter="bob", content="N-2", text="Of another note", now=now())
    consume(now=now())
    page = text_of(ana.get(page_of(case)))
    assert '<strong class="ws-num">2</strong> Spam' in page
    assert page.index("Sent to everyone, 1") < page.index("Sent to everyone, 0")
    assert "Of another note" not in page
    # Texts are personal: who may only look sees that there are reports.
    page = text_of(otto.get(page_of(case)))
    assert '<strong class="ws-num">2</strong> Spam' in page
    assert "Sent to everyone" not in page
