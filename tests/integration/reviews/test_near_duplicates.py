"""Near-duplicates are found, decided by one verdict and undone together."""

import pytest

from reviews.console.event_details import event_detail
from reviews.duplicates.deciding import MAX_GROUP, decide_group, undo_group
from reviews.duplicates.finding import likenesses
from reviews.errors import InvalidVerdict, NotYourVerdict
from reviews.models import Case
from reviews.statements.reviewed import review_of
from reviews.statements.statement import statement_of
from reviews.strikes.recording import strikes_of
from reviews.work import claims
from reviews.work.verdict_rules import Verdict
from reviews.work.verdicts import undo_verdict
from scoring.intake.amending.corrections import retract_event
from scoring.intake.answers import retraction_in
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.models import Label
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from tests.concurrency import meanwhile
from tests.factories.log import decided
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    consume,
    decide_event,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
SPAM = Verdict("violating", "", policies={"spam": "same_text"}, action="block")


def claimed(external_id: str = "N-1", **fields: str) -> Case:
    return claims.claim_case(open_note(external_id, **fields).pk, reviewer="ana", now=DAY)


def published(external_id: str, *, outcome: str = "allow", **fields: str) -> Entry:
    """The receipt of a note that software let through, and that has no case."""
    event = receive("note", external_id, **{"author": external_id, "text": "Buy now!", "copy": "aa"} | fields)
    decide_event(event, outcome=outcome, score=0.1)
    consume()
    assert not Case.objects.filter(pk=event.position).exists()
    return event


def states(*cases: Case) -> list[str]:
    by_pk = Case.objects.in_bulk([case.pk for case in cases])
    return [by_pk[case.pk].state for case in cases]


def test_events_with_the_same_text_or_a_band_of_it_are_alike() -> None:
    case = open_note("N-1", copy="aa", band="b1")
    same = open_note("N-2", copy="aa", band="b1")
    similar = open_note("N-3", copy="cc", band="b1")
    open_note("N-4", copy="dd", band="b2")
    found = likenesses(event_detail(case.pk).entities, than=case.pk)
    assert [(each.position, each.words) for each in found] == [
        (same.pk, "the same text"),
        (similar.pk, "a similar text"),
    ]


def test_one_verdict_decides_the_group_and_labels_every_event() -> None:
    case, others = claimed(), [open_note(f"N-{number}") for number in (2, 3)]
    done = decide_group(case.pk, SPAM, others=[other.pk for other in others], reviewer="ana", now=DAY)
    assert (done.others, done.skipped) == (2, [])
    assert states(case, *others) == ["decided"] * 3
    assert Label.objects.filter(effective="violating").count() == 3
    assert {each.verdict_group for each in Case.objects.all()} == {f"{case.pk}-2"}


def test_cases_that_others_hold_and_decided_ones_are_left_out_and_said() -> None:
    case, held, decided = claimed(), open_note("N-2"), claimed("N-3")
    claims.claim_case(held.pk, reviewer="bo", now=DAY)
    decide_group(decided.pk, SPAM, others=[], reviewer="ana", now=DAY)
    done = decide_group(case.pk, SPAM, others=[held.pk, decided.pk], reviewer="ana", now=DAY)
    assert done.others == 0
    assert [told.split(":")[0] for told in done.skipped] == ["note/shop/N-2", "note/shop/N-3"]
    assert "bo has claimed" in done.skipped[0]
    assert states(held) == ["claimed"]


def test_an_author_gets_one_strike_of_a_group() -> None:
    case, same, other = claimed(author="ann"), open_note("N-2", author="ann"), open_note("N-3", author="bob")
    struck = SPAM._replace(strike=True)
    decide_group(case.pk, struck, others=[same.pk, other.pk], reviewer="ana", now=DAY)
    assert [len(strikes_of(each.event_stream)) for each in (case, same, other)] == [1, 0, 1]


def test_undoing_the_group_retracts_all_and_returns_the_cases_to_the_queue() -> None:
    case, other = claimed(), open_note("N-2", author="bob")
    struck = SPAM._replace(strike=True)
    group = decide_group(case.pk, struck, others=[other.pk], reviewer="ana", now=DAY).case.verdict_group
    with pytest.raises(NotYourVerdict):
        undo_group(group, reviewer="bo", now=DAY)
    assert states(case, other) == ["decided", "decided"]

    assert len(undo_group(group, reviewer="ana", now=DAY)) == 2
    assert states(case, other) == ["open", "open"]
    for each in (case, other):
        assert Label.objects.filter(event_stream=each.event_stream).latest("position").effective is None
        assert retraction_in(strikes_of(each.event_stream)[0]) is not None


@pytest.mark.django_db(transaction=True)
def test_undoing_the_group_leaves_a_verdict_that_is_given_meanwhile() -> None:
    case, other = claimed(), open_note("N-2", author="bob")
    group = decide_group(case.pk, SPAM, others=[other.pk], reviewer="ana", now=DAY).case.verdict_group

    def decide_anew() -> None:
        undo_verdict(other.pk, reviewer="bo", now=DAY, may_undo_any=True)
        decide_group(other.pk, SPAM, others=[], reviewer="bo", now=DAY)

    undone = meanwhile(
        lambda: undo_group(group, reviewer="ana", now=DAY, may_undo_any=True), first=decide_anew
    )
    assert [each.pk for each in undone] == [case.pk]  # type: ignore[attr-defined]
    assert states(case, other) == ["open", "decided"]


def test_a_group_is_bounded() -> None:
    case = claimed()
    with pytest.raises(InvalidVerdict, match="101 others were chosen; allowed: at most 100"):
        decide_group(case.pk, SPAM, others=range(1_000, 1_001 + MAX_GROUP), reviewer="ana", now=DAY)
    assert states(case) == ["claimed"]


def test_a_refused_verdict_decides_none_of_the_group() -> None:
    case, other = claimed(), open_note("N-2")
    with pytest.raises(InvalidVerdict, match="no policy is named"):
        decide_group(case.pk, SPAM._replace(policies={}), others=[other.pk], reviewer="ana", now=DAY)
    assert states(case, other) == ["claimed", "open"]


def test_a_verdict_also_decides_near_duplicates_that_software_had_published() -> None:
    case, post, limited = claimed(copy="aa"), published("N-2"), published("N-3", outcome="limit")
    others = [post.position, limited.position]
    done = decide_group(case.pk, SPAM._replace(strike=True), others=others, reviewer="ana", now=DAY)
    assert (done.others, done.skipped) == (2, [])
    for event in (post, limited):
        removed = Case.objects.get(pk=event.position)
        assert (removed.why, removed.state, removed.action) == ("duplicate", "decided", "block")
        assert review_of(event.position, "note").action == "block"
        assert Label.objects.get(event_stream=event.stream).effective == "violating"
        assert len(strikes_of(event.stream)) == 1
    stated = statement_of(post.stream, now=DAY)
    assert (stated["decision"]["restriction"], stated["automated_means"]["detection"]) == ("removal", True)


def test_undoing_the_group_restores_what_software_had_decided() -> None:
    case, post = claimed(copy="aa"), published("N-2")
    struck = SPAM._replace(strike=True)
    group = decide_group(case.pk, struck, others=[post.position], reviewer="ana", now=DAY).case.verdict_group
    undo_group(group, reviewer="ana", now=DAY)
    restored = Case.objects.get(pk=post.position)
    assert (restored.state, restored.closed_because) == (
        "closed",
        "the verdict on its near-duplicates was undone",
    )
    assert review_of(post.position, "note") is None
    assert Label.objects.filter(event_stream=post.stream).latest("position").effective is None
    assert retraction_in(strikes_of(post.stream)[0]) is not None

    # The group can be decided again, and a closed case is reopened for it.
    claims.claim_case(case.pk, reviewer="ana", now=DAY)
    assert decide_group(case.pk, SPAM, others=[post.position], reviewer="ana", now=DAY).others == 1
    assert [entry.type for entry in read_stream(f"case/{post.stream}")][-2:] == [
        "case.reopened",
        "case.decided",
    ]


def test_of_two_verdicts_on_a_published_near_duplicate_the_first_counts() -> None:
    first, second, post = claimed(copy="aa"), claimed("N-9", copy="aa"), published("N-2")
    decide_group(first.pk, SPAM, others=[post.position], reviewer="ana", now=DAY)
    done = decide_group(
        second.pk, SPAM._replace(action="limit"), others=[post.position], reviewer="ana", now=DAY
    )
    assert done.others == 0
    assert "ana decided note/shop/N-2 as violating" in done.skipped[0]
    assert Case.objects.get(pk=post.position).action == "block"


def test_what_is_no_near_duplicate_or_was_retracted_is_left_out_and_gets_no_case() -> None:
    case = claimed(copy="aa")
    other, gone = published("N-2", copy="bb"), published("N-3")
    undecided = receive("note", "N-4", author="bob", text="Buy now!", copy="aa")
    retract_event(gone.stream, reason="sent twice", now=DAY, actor="test")
    chosen = [other.position, gone.position, undecided.position, 10**9]
    done = decide_group(case.pk, SPAM, others=chosen, reviewer="ana", now=DAY)
    assert done.others == 0
    assert [told.split(": ", 1)[1] for told in done.skipped] == [
        "also: is no near-duplicate of the case; allowed: events with the same text or file",
        "the event was retracted; leave it out",
        "the event has no decision that a verdict could change; leave it out",
    ]
    assert not Case.objects.filter(pk__in=chosen).exists()


def test_a_published_near_duplicate_with_another_label_gets_no_case_without_a_note() -> None:
    case, post = claimed(copy="aa"), published("N-2")
    said = LabelStatement("note", "N-2", "acceptable", "chargeback")
    record_labels([said], source="shop", now=DAY, actor="test")
    done = decide_group(case.pk, SPAM, others=[post.position], reviewer="ana", now=DAY)
    assert "chargeback says acceptable" in done.skipped[0]
    assert not Case.objects.filter(pk=post.position).exists()


def test_a_revised_decision_on_a_case_that_was_undone_sends_it_to_review() -> None:
    case, post = claimed(copy="aa"), published("N-2")
    group = decide_group(case.pk, SPAM, others=[post.position], reviewer="ana", now=DAY).case.verdict_group
    undo_group(group, reviewer="ana", now=DAY)
    append([decided(post, revision=1, outcome="review", score=0.6, margin=0.4, stake=None)], now=DAY)
    consume()
    assert Case.objects.get(pk=post.position).state == "open"


def test_the_cases_of_published_near_duplicates_are_rebuilt() -> None:
    case, post = claimed(copy="aa"), published("N-2")
    group = decide_group(case.pk, SPAM, others=[post.position], reviewer="ana", now=DAY).case.verdict_group
    undo_group(group, reviewer="ana", now=DAY)
    before = list(Case.objects.order_by("pk").values())
    rebuild_projections([find_projection(Case._meta.db_table)])
    assert list(Case.objects.order_by("pk").values()) == before
