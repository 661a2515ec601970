"""Drafting rules: what is stored, and what is refused with every problem."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from scoring.rules.rules import staging
from scoring.rules.rules.drafting import RuleDraft, draft_rule
from scoring.rules.rules.errors import InvalidRule, RuleChangedMeanwhile, RuleUnchanged
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.ruleset.stream import current_version
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANA = "user/ana"


def draft(**changes: Any) -> RuleDraft:
    given = {
        "event_type": "payment",
        "name": "velocity",
        "expression": "amount > 500.0 && card_count_1h > 5.0 && !has(device)",
        "outcome": "review",
        "sentence": "A large amount on a busy card",
    }
    return RuleDraft(**{**given, **changes})


def store(based_on: int = 0, **changes: Any) -> RuleVersion:
    return draft_rule(draft(**changes), based_on=based_on, actor=ANA, now=NOW)


def problems(**changes: Any) -> dict[str, tuple[str, object]]:
    before = current_version()
    with pytest.raises(InvalidRule) as refused:
        store(**changes)
    assert current_version() == before, "nothing may be stored of a refused draft"
    return {field: (problem, allowed) for field, problem, allowed in refused.value.problems}


def test_a_draft_becomes_the_first_version_in_the_stage_draft() -> None:
    version = store()
    assert (version.number, version.code, version.share) == (1, "VELOCITY", 1.0)
    stored = StoredRuleVersion.objects.get()
    assert (stored.stage, stored.drafted_by, stored.drafted_at) == ("draft", ANA, NOW)
    assert (Rule.objects.get().newest, Rule.objects.get().active) == (1, None)


def test_a_change_becomes_the_next_version_and_leaves_the_active_one() -> None:
    store_rule("active")
    assert store(based_on=1).number == 2
    assert Rule.objects.get().active == 1
    assert list(StoredRuleVersion.objects.order_by("number").values_list("stage", flat=True)) == [
        "active",
        "draft",
    ]


def test_texts_are_trimmed_and_card_numbers_masked() -> None:
    version = store(sentence="  Card 4111 1111 1111 1111\n used ", description=" why \n")
    assert "4111 1111" not in version.sentence
    assert version.sentence.startswith("Card ")
    assert version.description == "why"


def test_the_unit_of_a_full_rollout_is_dropped() -> None:
    assert store(share=1.0, unit="customer").unit == ""
    assert store(name="other", share=0.1, unit="customer").unit == "customer"


@pytest.mark.parametrize(
    ("changes", "field", "problem", "allowed"),
    [
        ({"name": "Velocity!"}, "name", "'Velocity!' is not a rule's name", "a letter first"),
        ({"name": "x" * 61}, "name", "is not a rule's name", "1 to 60"),
        ({"outcome": "refuse"}, "outcome", "'refuse' is not an outcome of payment", "block"),
        ({"code": "too fast"}, "code", "'too fast' is not a reason code", "A-Z"),
        ({"sentence": " "}, "sentence", "is missing", "200 characters"),
        ({"sentence": "x" * 201}, "sentence", "has 201 characters", "at most 200"),
        ({"description": "x" * 2_001}, "description", "has 2,001 characters", "at most 2,000"),
        ({"share": 0.0}, "share", "0 is not a share", "more than 0"),
        ({"share": 1.5}, "share", "1.5 is not a share", "at most 1"),
        ({"share": float("nan")}, "share", "nan is not a share", "at most 1"),
        ({"share": 0.5, "unit": ""}, "unit", "is missing", "customer"),
        ({"share": 0.5, "unit": "amount"}, "unit", "'amount' is not a unit of payment", "customer"),
        ({"event_type": "paymnt"}, "event_type", "'paymnt' is not an event type", "payment"),
        ({"event_type": "refund"}, "event_type", "refund events are not decided", "decided"),
        ({"expression": "amuont > 5.0"}, "expression", "line 1, column 1: ", "amount"),
        ({"expression": "amount > 5.0 &&\n  merchant > 5.0"}, "expression", "line 2, column ", ""),
        ({"expression": "card_count_9h > 5.0"}, "expression", "line 1, column 1: ", "card_count_"),
        ({"expression": "amount"}, "expression", "line 1, column 1: ", "amount > "),
        ({"expression": ""}, "expression", "line 1, column 1: ", ""),
    ],
)
def test_a_bad_draft_is_refused_with_its_field_problem_and_what_is_allowed(
    changes: dict[str, Any], field: str, problem: str, allowed: str
) -> None:
    found = problems(**changes)
    assert list(found) == [field]
    assert problem in found[field][0]
    assert allowed in str(found[field][1]) or allowed in found[field][0]


def test_every_problem_is_named_not_only_the_first() -> None:
    assert set(problems(name="", outcome="x", sentence="", share=2.0, expression="nothing > 1")) == {
        *("name", "outcome", "sentence", "share", "expression")
    }


def test_a_list_that_does_not_exist_is_refused() -> None:
    [(problem, _)] = problems(expression='listed(card, "stolen")').values()
    assert "stolen" in problem


def test_two_rules_of_one_name_are_refused() -> None:
    store()
    assert problems()["name"] == (
        "payment already has a rule 'velocity'",
        "another name, or a new version of that rule",
    )


def test_a_draft_from_an_old_version_is_refused() -> None:
    store()
    store(based_on=1, expression="amount > 600.0")
    with pytest.raises(RuleChangedMeanwhile, match="version 2 of velocity was drafted meanwhile"):
        store(based_on=1, expression="amount > 700.0")


def test_an_unchanged_draft_is_refused() -> None:
    store()
    with pytest.raises(RuleUnchanged, match="nothing differs from version 1"):
        store(based_on=1)


def test_a_version_whose_expression_is_no_longer_valid_cannot_go_live() -> None:
    store_rule(expression="gone_feature > 5.0", actor=ANA)
    named = {"event_type": "payment", "name": "velocity", "number": 1, "now": NOW}
    for attempt in (
        lambda: staging.stage_rule(**named, stage="shadow", actor=ANA),
        lambda: staging.request_activation(**named, actor=ANA),
    ):
        with pytest.raises(InvalidRule, match="expression: line 1, column 1"):
            attempt()
    assert StoredRuleVersion.objects.get().stage == "draft"


def test_of_two_authors_at_once_the_later_one_is_told() -> None:
    store()
    told: list[str] = []

    def draft_at_once(expression: str) -> None:
        together.wait()
        try:
            store(based_on=1, expression=expression)
        except RuleChangedMeanwhile as error:
            told.append(str(error))
        finally:
            connection.close()

    together = threading.Barrier(2)
    authors = [threading.Thread(target=draft_at_once, args=(f"amount > {n}.0",)) for n in (600, 700)]
    for author in authors:
        author.start()
    for author in authors:
        author.join()
    assert len(told) == 1
    assert "version 2 of velocity was drafted meanwhile" in told[0]
    assert StoredRuleVersion.objects.count() == 2
