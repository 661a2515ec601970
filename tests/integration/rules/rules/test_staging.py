"""A version's way through its stages, with four eyes before it becomes active."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.log.projections import registered
from scoring.log.rebuild import rebuild_projections
from scoring.rules.rules import staging
from scoring.rules.rules.book import RuleBook
from scoring.rules.rules.errors import UnknownRule, UnknownRuleVersion
from scoring.rules.rules.models import Rule, RuleChange, RuleSuppression, StoredRuleVersion
from scoring.rules.rules.stored import version_from
from scoring.rules.ruleset.errors import (
    ActivationAlreadyRequested,
    ApprovalNeeded,
    NoActivationRequested,
    OwnVersion,
    ReasonRequired,
    StageNotAllowed,
)
from scoring.rules.ruleset.stream import current_version, iter_changes
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANA, LEA, MAX = "user/ana", "user/lea", "user/max"
VELOCITY = {"event_type": "payment", "name": "velocity"}


def stage(number: int, to: str, *, actor: str = ANA, reason: str = "tried") -> None:
    staging.stage_rule(**VELOCITY, number=number, stage=to, actor=actor, now=NOW, reason=reason)


def request(number: int, *, actor: str = ANA) -> None:
    staging.request_activation(**VELOCITY, number=number, actor=actor, now=NOW, reason="it hits fraud only")


def approve(number: int, *, actor: str) -> None:
    staging.approve_activation(**VELOCITY, number=number, actor=actor, now=NOW)


def stages() -> dict[int, str]:
    return dict(StoredRuleVersion.objects.order_by("number").values_list("number", "stage"))


def test_a_version_becomes_active_when_another_person_approves_it() -> None:
    store_rule(actor=ANA)
    stage(1, "shadow")
    request(1)
    assert stages() == {1: "shadow"}
    approve(1, actor=LEA)
    rule = Rule.objects.get()
    assert (stages(), rule.active, rule.shadow, rule.requested) == ({1: "active"}, 1, None, None)
    assert StoredRuleVersion.objects.get().activated_by == LEA


@pytest.mark.parametrize(
    ("requester", "approver", "part"),
    [(LEA, ANA, "user/ana drafted"), (LEA, LEA, "user/lea requested the activation of")],
)
def test_neither_author_nor_requester_may_approve(requester: str, approver: str, part: str) -> None:
    store_rule(actor=ANA)
    request(1, actor=requester)
    version = current_version()
    with pytest.raises(OwnVersion, match=part):
        approve(1, actor=approver)
    assert (stages(), current_version()) == ({1: "draft"}, version)


def test_a_version_cannot_be_staged_active_without_approval() -> None:
    store_rule()
    with pytest.raises(ApprovalNeeded, match="request its activation"):
        stage(1, "active", actor=LEA)
    with pytest.raises(NoActivationRequested):
        approve(1, actor=LEA)


def test_only_one_version_is_active_and_one_in_shadow() -> None:
    store_rule("active")
    store_rule("shadow", number=2, expression="amount > 600.0")
    assert stages() == {1: "active", 2: "shadow"}
    store_rule(number=3, expression="amount > 700.0")
    stage(3, "shadow")
    assert stages() == {1: "active", 2: "draft", 3: "shadow"}
    request(3, actor=MAX)
    approve(3, actor=LEA)
    assert stages() == {1: "archived", 2: "draft", 3: "active"}
    assert (Rule.objects.get().active, Rule.objects.get().shadow) == (3, None)


def test_a_version_that_was_active_returns_without_a_new_approval_but_with_a_reason() -> None:
    store_rule("active")
    store_rule("active", number=2, expression="amount > 600.0")
    stage(1, "archived", actor=LEA)
    with pytest.raises(ReasonRequired):
        stage(1, "active", actor=LEA, reason=" ")
    stage(1, "active", actor=LEA, reason="version 2 blocks too much")
    assert stages() == {1: "active", 2: "archived"}


def test_a_request_is_rejected_with_a_reason_or_withdrawn_without_one() -> None:
    store_rule()
    request(1)
    reject = {**VELOCITY, "number": 1, "now": NOW}
    with pytest.raises(ReasonRequired):
        staging.reject_activation(**reject, actor=LEA, reason="")
    staging.reject_activation(**reject, actor=LEA, reason="too broad")
    assert Rule.objects.get().requested is None
    request(1)
    staging.reject_activation(**reject, actor=ANA, reason="")
    with pytest.raises(NoActivationRequested):
        staging.reject_activation(**reject, actor=ANA, reason="")


def test_one_request_at_a_time_and_it_ends_when_its_version_is_archived() -> None:
    store_rule()
    store_rule(number=2, expression="amount > 600.0")
    request(1)
    with pytest.raises(ActivationAlreadyRequested, match="version 1 of velocity"):
        request(2)
    stage(1, "archived")
    request(2)
    assert Rule.objects.get().requested == 2


def test_archiving_a_rule_archives_every_version() -> None:
    store_rule("active")
    store_rule("shadow", number=2, expression="amount > 600.0")
    staging.archive_rule(**VELOCITY, actor=LEA, now=NOW, reason="a model does this now")
    assert stages() == {1: "archived", 2: "archived"}
    assert (Rule.objects.get().active, Rule.objects.get().shadow) == (None, None)


def test_what_does_not_exist_or_cannot_follow_is_refused_by_name() -> None:
    store_rule("active")
    with pytest.raises(UnknownRule, match="payment has no rule 'velocty'; its rules: velocity"):
        staging.archive_rule(event_type="payment", name="velocty", actor=LEA, now=NOW, reason="x")
    with pytest.raises(UnknownRuleVersion, match="no version 7; its newest is 1"):
        stage(7, "shadow")
    with pytest.raises(StageNotAllowed, match="is active, so it cannot become draft"):
        stage(1, "draft")
    with pytest.raises(ReasonRequired):
        stage(1, "shadow", reason="")


def test_the_tables_are_rebuilt_as_they_were_and_agree_with_the_fold() -> None:
    store_rule("active", now=NOW - timedelta(days=1))
    store_rule(number=2, expression="amount > 600.0")
    stage(2, "shadow")
    request(2)
    approve(2, actor=LEA)
    tables = (Rule, StoredRuleVersion, RuleSuppression, RuleChange)
    before = [contents(table) for table in tables]
    rebuild_projections([each for each in registered() if each.table.name in names_of(tables)])
    assert [contents(table) for table in tables] == before
    book = RuleBook()
    for entry in iter_changes():
        book = book.after(entry.type, entry.data)
    [live] = book.live("payment")
    assert live.version == version_from(StoredRuleVersion.objects.get(stage="active"))


def contents(table: Any) -> list[dict[str, Any]]:
    return list(table.objects.order_by("pk").values())


def names_of(tables: Any) -> set[str]:
    return {table._meta.db_table for table in tables}


def test_every_change_is_in_the_rules_history_with_its_actor_and_reason() -> None:
    store_rule(actor=ANA)
    request(1)
    approve(1, actor=LEA)
    history = RuleChange.objects.order_by("position").values_list("change", "actor", "reason")
    assert list(history) == [
        ("drafted", ANA, ""),
        ("activation_requested", ANA, "it hits fraud only"),
        ("active", LEA, ""),
    ]
