"""Labels, verdicts and list entries for all that a query found: previewed, done, and undone as a whole."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group, User

from reviews.investigation.bulk import running
from reviews.investigation.bulk.actions import action_data, bulk_actions, request_action, request_undo
from reviews.investigation.bulk.errors import NotUndoable, PreviewExpired, TooMuchFound, UndoingTooLate
from reviews.investigation.bulk.previewing import Preview, preview, sealed, unsealed
from reviews.investigation.bulk.reviewer import Reviewer, reviewer_named
from reviews.investigation.bulk.running import run_action
from reviews.investigation.bulk.terms import LabelTerms, ListTerms, Terms, VerdictTerms
from reviews.models import BulkAction, Case
from reviews.queue.opening import CASES
from reviews.work.claims import claim_case
from reviews.work.verdicts import decide_case, undo_verdict
from scoring.intake.labels import LabelStatement, record_labels
from scoring.jobs.rows import JobState
from scoring.log import vault
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.changing.listing import add_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.lists.models import ListedValue
from scoring.signals import redis_connections as connections
from tests.concurrency import meanwhile
from tests.factories.log import decided
from tests.integration.investigation.conftest import DAY, Pay, query

pytestmark = pytest.mark.django_db(transaction=True)

FRAUD = LabelTerms("fraud")
STOLEN = VerdictTerms("fraud", "stolen_card")
UNTIL = DAY + timedelta(days=30)


@pytest.fixture(autouse=True)
def lanes_are_notified(online_redis: redis.Redis) -> Iterator[None]:
    connections.client.cache_clear()
    yield
    connections.client.cache_clear()


@pytest.fixture
def lea(transactional_db: None) -> Reviewer:
    user = User.objects.create_user("lea", is_staff=True)
    user.groups.add(Group.objects.get(name="lead"))
    return reviewer_named("user/lea")


def previewed(terms: Terms, reviewer: Reviewer, *, now: datetime = DAY, **given: str) -> Preview:
    return preview(query(now, **given), terms, reviewer=reviewer, withheld=(), now=now)


def act(kind: str, terms: Terms, reviewer: Reviewer, found: Preview, *, now: datetime = DAY) -> BulkAction:
    """Do what was previewed; the action afterwards."""
    data = action_data(
        kind=kind,
        event_type="payment",
        terms=terms,
        items=[each.item for each in found.chosen],
        found=found.found,
        parameters=query().parameters(),
        reason="a ring of stolen cards",
    )
    number = request_action(data, reviewer=reviewer, now=now)
    run_action(number, clock=lambda: now)
    return bulk_actions.find(number)


def undo(action: BulkAction, reviewer: Reviewer, *, now: datetime = DAY) -> BulkAction:
    number = request_undo(action.number, reviewer=reviewer, now=now)
    run_action(number, clock=lambda: now)
    return bulk_actions.find(number)


def reasons(found: Preview) -> dict[str, int]:
    return {why: count for why, count, _ in found.causes}


def labels_of(stream: str) -> list[tuple[str, str | None]]:
    return [(entry.type, entry.data["effective"]) for entry in read_stream(f"label/{stream}")]


def test_events_without_a_label_or_a_case_are_labeled_and_the_labels_retracted(
    pay: Pay, lea: Reviewer
) -> None:
    new, said = pay("t-1"), pay("t-2", label="legitimate")
    pay("t-3", decision={"outcome": "review"})
    catch_up(CASES, now=DAY)
    found = previewed(FRAUD, lea)
    assert [each.item for each in found.chosen] == [new.position]
    assert reasons(found) == {
        "has an open case, whose verdict labels it": 1,
        "chargeback says legitimate": 1,
    }
    action = act("label", FRAUD, lea, found)
    assert (action.state, action.result) == (JobState.FINISHED, {"done": 1, "left_out": 0})
    [entry] = read_stream(f"label/{new.stream}")
    assert (entry.data["source"], entry.data["value"], entry.metadata["actor"]) == (
        "review",
        "fraud",
        "user/lea",
    )
    undone = undo(action, lea)
    assert (undone.undoes, undone.result) == (action.number, {"done": 1, "left_out": 0})
    assert labels_of(new.stream) == [("label.recorded", "fraud"), ("label.retracted", None)]
    assert len(read_stream(f"label/{said.stream}")) == 1


def test_an_action_changes_what_was_previewed_and_not_what_the_query_finds_later(
    pay: Pay, lea: Reviewer
) -> None:
    first, second = pay("t-1"), pay("t-2")
    found = previewed(FRAUD, lea)
    late = pay("t-3")
    record_labels([LabelStatement("payment", "t-2", "legitimate", "chargeback")], source="shop", now=DAY)
    action = act("label", FRAUD, lea, found)
    assert [item for item, _ in action.done] == [first.position]
    assert action.left_out == [[second.position, "chargeback says legitimate"]]
    assert labels_of(late.stream) == []


def test_a_label_that_was_changed_since_then_stays(pay: Pay, lea: Reviewer) -> None:
    kept, event = pay("t-1"), pay("t-2")
    action = act("label", FRAUD, lea, previewed(FRAUD, lea))
    later = DAY + timedelta(minutes=5)
    record_labels([LabelStatement("payment", "t-1", "legitimate", "review")], source="shop", now=later)
    undone = undo(action, lea, now=later)
    assert undone.left_out == [[kept.position, "was labeled otherwise since then"]]
    assert labels_of(kept.stream)[-1] == ("label.recorded", "legitimate")
    assert labels_of(event.stream)[-1] == ("label.retracted", None)


def test_open_cases_get_a_verdict_and_return_to_the_queue_together(pay: Pay, lea: Reviewer) -> None:
    events = [pay(f"t-{number}", card=f"c-{number}", decision={"outcome": "review"}) for number in range(4)]
    pay("t-9")
    catch_up(CASES, now=DAY)
    claim_case(events[3].position, reviewer="bo", now=DAY)
    found = previewed(STOLEN, lea)
    assert reasons(found) == {"has no case": 1, "is claimed by bo": 1}
    claim_case(events[2].position, reviewer="ana", now=DAY)
    action = act("verdict", STOLEN, lea, found)
    assert action.left_out == [[events[2].position, "is claimed by ana"]]
    decided = Case.objects.filter(verdict_group=f"bulk-{action.number}")
    assert {case.pk: (case.verdict, case.decided_by) for case in decided} == {
        events[0].position: ("fraud", "lea"),
        events[1].position: ("fraud", "lea"),
    }
    assert labels_of(events[0].stream) == [("label.recorded", "fraud")]
    undo(action, lea)
    assert set(Case.objects.free(DAY).values_list("pk", flat=True)) == {each.position for each in events[:2]}
    assert labels_of(events[0].stream)[-1] == ("label.retracted", None)


def test_a_verdict_undone_by_hand_is_left_out_of_the_undoing(pay: Pay, lea: Reviewer) -> None:
    first, second = (pay(each, card=each, decision={"outcome": "review"}) for each in ("t-1", "t-2"))
    catch_up(CASES, now=DAY)
    action = act("verdict", STOLEN, lea, previewed(STOLEN, lea))
    undo_verdict(first.position, reviewer="lea", now=DAY)
    undone = undo(action, lea)
    assert [item for item, _ in undone.done] == [second.position]
    assert undone.left_out == [[first.position, "was undone or decided otherwise since then"]]


def opened_late(event: Entry) -> Case:
    """The case of an event that is sent to review after all, claimed by bo."""
    append([decided(event, revision=1, outcome="review", score=0.6, margin=0.4, stake=None)], now=DAY)
    catch_up(CASES, now=DAY)
    return claim_case(event.position, reviewer="bo", now=DAY)


def decide_as_bo(case: Case, verdict: str = "legitimate", reason: str = "usual_behaviour") -> Case:
    return decide_case(case.pk, reviewer="bo", verdict=verdict, reason_code=reason, note="seen", now=DAY)


def test_undoing_labels_leaves_the_label_of_a_verdict_that_is_given_meanwhile(
    pay: Pay, lea: Reviewer
) -> None:
    event = pay("t-1")
    action = act("label", FRAUD, lea, previewed(FRAUD, lea))
    case = opened_late(event)
    done = meanwhile(
        lambda: undo(action, lea), first=lambda: decide_as_bo(case, verdict="fraud", reason="stolen_card")
    )
    assert isinstance(done, BulkAction)
    assert done.left_out == [[event.position, "has had a verdict since then, which gives the same label"]]
    assert labels_of(event.stream)[-1] == ("label.recorded", "fraud")


def test_undoing_verdicts_leaves_one_that_is_given_meanwhile(pay: Pay, lea: Reviewer) -> None:
    event = pay("t-1", decision={"outcome": "review"})
    catch_up(CASES, now=DAY)
    action = act("verdict", STOLEN, lea, previewed(STOLEN, lea))

    def decide_anew() -> None:
        undo_verdict(event.position, reviewer="bo", now=DAY, may_undo_any=True)
        decide_as_bo(Case.objects.get(pk=event.position))

    done = meanwhile(lambda: undo(action, lea), first=decide_anew)
    assert isinstance(done, BulkAction)
    assert done.left_out == [[event.position, "was undone or decided otherwise since then"]]
    assert Case.objects.get(pk=event.position).verdict == "legitimate"


def stolen_list(kind: str = "card") -> None:
    define_list(name="stolen", title="Stolen", action="block", kind=kind, actor="user/lea", now=DAY)


def test_the_values_of_a_field_are_listed_until_a_day_and_taken_off_again(pay: Pay, lea: Reviewer) -> None:
    stolen_list()
    for number, card in enumerate(("c-1", "c-1", "c-2", "c-3")):
        pay(f"t-{number}", card=card)
    add_values(list_name="stolen", values=[NewValue("c-3", "reported", UNTIL)], actor="user/bo", now=DAY)
    terms = ListTerms("stolen", "card", UNTIL)
    found = previewed(terms, lea)
    assert [tuple(each) for each in found.chosen] == [("c-1", 2), ("c-2", 1)]
    assert reasons(found) == {"is listed already, until 2026-04-01": 1}
    action = act("list", terms, lea, found)
    live = ListedValue.objects.filter(removed_version=None)
    assert {(row.value, row.reason, row.expires_at) for row in live.filter(added_by="user/lea")} == {
        ("c-1", "a ring of stolen cards", UNTIL),
        ("c-2", "a ring of stolen cards", UNTIL),
    }
    undo(action, lea)
    assert list(live.values_list("value", flat=True)) == ["c-3"]
    assert ListedValue.objects.filter(removed_reason=f"Undoes bulk action {action.number}").count() == 2


def test_personal_values_are_listed_by_their_digests_unless_they_were_erased(pay: Pay, lea: Reviewer) -> None:
    stolen_list("ip")
    known, erased = (vault.digest_of("ip", address) for address in ("203.0.113.7", "203.0.113.8"))
    vault.store([("ip", "203.0.113.7")])
    for number, digest in enumerate((known, erased, known)):
        pay(f"t-{number}", ip=digest)
    terms = ListTerms("stolen", "ip", UNTIL)
    found = previewed(terms, lea)
    assert [tuple(each) for each in found.chosen] == [(known, 2)]
    assert reasons(found) == {"was erased, so its value is not known": 1}
    action = act("list", terms, lea, found)
    [row] = ListedValue.objects.all()
    assert (row.value, bytes(row.key).hex()) == ("", known)
    assert "203.0.113.7" not in str([each.data for each in read_stream(f"bulk_action/{action.number}")])


def test_more_than_one_action_may_change_is_refused(pay: Pay, lea: Reviewer, settings: Any) -> None:
    settings.BULK_ACTION_ITEMS = 1
    pay("t-1")
    assert previewed(FRAUD, lea).found == 1
    pay("t-2", card="c-2")
    with pytest.raises(TooMuchFound, match="the query finds 2 events, and one action changes at most 1"):
        previewed(FRAUD, lea)
    with pytest.raises(TooMuchFound, match="2 values"):
        previewed(ListTerms("stolen", "card", UNTIL), lea)


def test_what_was_done_before_a_failure_can_be_undone(
    pay: Pay, lea: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [pay(f"t-{number}") for number in range(3)]
    found, steps = previewed(FRAUD, lea), running.labels.act

    def fails_later(items: list[int], *args: Any, **kwargs: Any) -> Any:
        if events[0].position in items:
            raise RuntimeError("the disk is full")
        return steps(items, *args, **kwargs)

    monkeypatch.setattr(running, "ITEMS_A_STEP", 2)
    monkeypatch.setattr(running.labels, "act", fails_later)
    action = act("label", FRAUD, lea, found)  # the newest first
    done = {item for item, _ in action.done}
    assert (action.state, done) == (JobState.FAILED, {each.position for each in events[1:]})
    undo(action, lea)
    assert [labels_of(each.stream)[-1:] for each in events] == [
        [],
        [("label.retracted", None)],
        [("label.retracted", None)],
    ]


def test_an_action_is_undone_once_in_time_and_by_who_may(pay: Pay, lea: Reviewer, settings: Any) -> None:
    pay("t-1")
    action = act("label", FRAUD, lea, previewed(FRAUD, lea))
    with pytest.raises(NotUndoable, match="it is lea's"):
        request_undo(action.number, reviewer=Reviewer("ana"), now=DAY)
    late = DAY + timedelta(hours=settings.BULK_ACTION_UNDO_HOURS, seconds=1)
    with pytest.raises(UndoingTooLate, match="until 2026-03-03 12:00 UTC"):
        request_undo(action.number, reviewer=lea, now=late)
    undone = undo(action, lea)
    with pytest.raises(NotUndoable, match=f"bulk action {undone.number} undoes it"):
        request_undo(action.number, reviewer=lea, now=DAY)
    with pytest.raises(NotUndoable, match="it undoes another one"):
        request_undo(undone.number, reviewer=lea, now=DAY)


def test_a_preview_is_valid_for_its_user_as_it_was_given() -> None:
    text = sealed({"items": [1, 2]}, reviewer=Reviewer("lea"))
    assert unsealed(text, reviewer=Reviewer("lea")) == {"items": [1, 2]}
    for changed, user in ((text, "ana"), (f"{text}x", "lea"), ("", "lea")):
        with pytest.raises(PreviewExpired, match="preview again"):
            unsealed(changed, reviewer=Reviewer(user))
