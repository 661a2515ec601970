"""Drafting policies, and their way through the stages with four eyes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.log.projections import registered
from scoring.log.rebuild import rebuild_projections
from scoring.rules.policies import staging
from scoring.rules.policies.book import PolicyBook
from scoring.rules.policies.drafting import draft_policy
from scoring.rules.policies.errors import (
    InvalidPolicy,
    PolicyChangedMeanwhile,
    PolicyUnchanged,
    UnknownPolicy,
)
from scoring.rules.policies.models import PolicyChange, PolicyInUse, StoredPolicy
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.stored import find_policy, policy_from
from scoring.rules.ruleset.errors import ApprovalNeeded, NoActivationRequested, OwnVersion, ReasonRequired
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.policies import costs, store_policy

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANA, LEA = "user/ana", "user/lea"
BY_COST = {"mode": "cost", "costs": costs().as_data(), "description": "by cost"}
FIXED = {"mode": "fixed", "thresholds": {"review": 0.25, "block": 0.75}}


def draft(data: dict[str, Any] = BY_COST, *, based_on: int = 0, event_type: str = "payment") -> Policy:
    return draft_policy(event_type=event_type, data=data, based_on=based_on, actor=ANA, now=NOW)


def activate(number: int) -> None:
    named: dict[str, Any] = {"event_type": "payment", "number": number, "now": NOW}
    staging.request_activation(**named, actor=ANA, reason="it costs less")
    staging.approve_activation(**named, actor=LEA, reason="agreed")


def stages() -> dict[int, str]:
    return dict(StoredPolicy.objects.order_by("number").values_list("number", "stage"))


def book() -> PolicyBook:
    folded = PolicyBook()
    for entry in iter_changes():
        folded = folded.after(entry.type, entry.data)
    return folded


def test_a_draft_is_stored_as_the_next_version_and_decides_nothing() -> None:
    policy = draft()
    stored = StoredPolicy.objects.get()
    assert (policy_from(stored), stored.stage, stored.mode, stored.drafted_by) == (
        policy,
        "draft",
        "cost",
        ANA,
    )
    assert stored.ruleset == current_version() == 1
    assert book().active("payment") is None


def test_a_policy_becomes_active_when_another_person_approves_it() -> None:
    draft()
    activate(1)
    in_use = PolicyInUse.objects.get(pk="payment")
    assert (stages(), in_use.active, in_use.requested) == ({1: "active"}, 1, None)
    assert book().active("payment") == policy_from(find_policy("payment", 1))
    draft(FIXED, based_on=1)
    activate(2)
    assert stages() == {1: "archived", 2: "active"}


def test_neither_the_author_nor_the_requester_may_approve() -> None:
    draft()
    named: dict[str, Any] = {"event_type": "payment", "number": 1, "now": NOW}
    with pytest.raises(NoActivationRequested, match="version 1 of the payment policy"):
        staging.approve_activation(**named, actor=LEA)
    staging.request_activation(**named, actor=LEA)
    for actor, part in ((ANA, "drafted"), (LEA, "requested the activation of")):
        with pytest.raises(OwnVersion, match=f"{actor} {part} version 1"):
            staging.approve_activation(**named, actor=actor)
    with pytest.raises(ReasonRequired):
        staging.reject_activation(**named, actor=ANA, reason=" ")
    staging.reject_activation(**named, actor=ANA, reason="insults cost more")
    assert (stages(), PolicyInUse.objects.get().requested) == ({1: "draft"}, None)


def test_an_earlier_policy_returns_at_once_but_a_new_one_needs_approval() -> None:
    draft()
    activate(1)
    draft(FIXED, based_on=1)
    back: dict[str, Any] = {"event_type": "payment", "stage": "active", "actor": LEA, "now": NOW}
    with pytest.raises(ApprovalNeeded):
        staging.stage_policy(**back, number=2, reason="quick")
    activate(2)
    staging.stage_policy(**back, number=1, reason="too many insults")
    assert stages() == {1: "active", 2: "archived"}


def test_without_an_active_policy_models_decide_again() -> None:
    draft()
    activate(1)
    staging.stage_policy(
        event_type="payment", number=1, stage="archived", actor=LEA, now=NOW, reason="the model is better"
    )
    assert book().active("payment") is None
    assert PolicyInUse.objects.get().active is None


def test_one_policy_runs_in_shadow() -> None:
    store_policy()
    store_policy(number=2)
    for number in (1, 2):
        staging.stage_policy(event_type="payment", number=number, stage="shadow", actor=ANA, now=NOW)
    assert stages() == {1: "draft", 2: "shadow"}


@pytest.mark.parametrize(
    ("data", "event_type", "error"),
    [
        ({"mode": "fixed", "thresholds": {"block": 7}}, "payment", InvalidPolicy),
        (FIXED, "refund", EventTypeNotScored),
        (FIXED, "paymnet", UnknownEventType),
    ],
)
def test_a_refused_draft_leaves_nothing_behind(
    data: dict[str, Any], event_type: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        draft(data, event_type=event_type)
    assert (current_version(), StoredPolicy.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("amount >", "segments.1.expression: line 1, column "),
        ("amuont > 5.0", "segments.1.expression: line 1, column 1: .*amuont"),
        ("score > 0.5", "segments.1.expression: reads the score"),
        ('listed(card, "stolen")', "segments.1.expression: .*stolen"),
    ],
)
def test_conditions_of_segments_are_checked_with_their_place(expression: str, problem: str) -> None:
    segment = {"name": "some", "expression": expression, **FIXED}
    with pytest.raises(InvalidPolicy, match=problem):
        draft({**BY_COST, "segments": [segment]})
    assert current_version() == 0


def test_a_draft_must_change_something_and_start_from_the_newest_version() -> None:
    draft()
    with pytest.raises(PolicyUnchanged, match="nothing differs from version 1"):
        draft(based_on=1)
    with pytest.raises(PolicyChangedMeanwhile, match="you started when there was none"):
        draft(FIXED)
    with pytest.raises(UnknownPolicy, match="has no version 7; its newest is version 1"):
        find_policy("payment", 7)
    with pytest.raises(UnknownPolicy, match="none was drafted yet"):
        find_policy("refund", 1)


def test_the_tables_are_rebuilt_as_they_were() -> None:
    draft()
    activate(1)
    draft(FIXED, based_on=1)
    tables = (PolicyInUse, StoredPolicy, PolicyChange)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    names = {table._meta.db_table for table in tables}
    rebuild_projections([each for each in registered() if each.table.name in names])
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
    assert list(
        PolicyChange.objects.order_by("position").values_list("change", "number", "actor", "reason")
    ) == [
        ("drafted", 1, ANA, ""),
        ("activation_requested", 1, ANA, "it costs less"),
        ("active", 1, LEA, "agreed"),
        ("drafted", 2, ANA, ""),
    ]
