"""Near-duplicates are found, decided by one verdict and undone together."""

import pytest

from reviews.console.event_details import event_detail
from reviews.duplicates.deciding import MAX_GROUP, decide_group, undo_group
from reviews.duplicates.finding import likenesses
from reviews.errors import InvalidVerdict, NotYourVerdict
from reviews.models import Case
from reviews.strikes.recording import strikes_of
from reviews.work import claims
from reviews.work.verdict_rules import Verdict
from scoring.intake.answers import retraction_in
from scoring.intake.models import Label
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import notes, open_note  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("notes")
SPAM = Verdict("violating", "", policies={"spam": "same_text"}, action="block")


def claimed(external_id: str = "N-1", **fields: str) -> Case:
    return claims.claim_case(open_note(external_id, **fields).pk, reviewer="ana", now=DAY)


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


def test_a_group_is_bounded() -> None:
    case = claimed()
    with pytest.raises(InvalidVerdict, match="101 other cases were chosen; allowed: at most 100"):
        decide_group(case.pk, SPAM, others=range(1_000, 1_001 + MAX_GROUP), reviewer="ana", now=DAY)
    assert states(case) == ["claimed"]


def test_a_refused_verdict_decides_none_of_the_group() -> None:
    case, other = claimed(), open_note("N-2")
    with pytest.raises(InvalidVerdict, match="no policy is named"):
        decide_group(case.pk, SPAM._replace(policies={}), others=[other.pk], reviewer="ana", now=DAY)
    assert states(case, other) == ["claimed", "open"]
