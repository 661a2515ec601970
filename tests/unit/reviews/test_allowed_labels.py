"""Which verdicts the groups of a reviewer allow."""

import pytest

from reviews.errors import InvalidVerdict
from reviews.work.allowed_labels import allowable_labels, allows, check_allowed, types_with_verdicts
from reviews.work.verdict_rules import Verdict
from scoring.catalog.registry import event_type

BROKEN = Verdict("violating", "advertising", policies={"spam": "advertising"})


def test_labels_stand_for_themselves_and_policies_for_the_positive_one() -> None:
    assert allowable_labels(event_type("payment")) == ("fraud", "legitimate")
    content = event_type("content")
    assert allowable_labels(content) == (*(policy.name for policy in content.policies), "acceptable")


def test_scored_types_and_appeals_have_verdicts() -> None:
    names = {kind.name for kind in types_with_verdicts()}
    assert {"payment", "payment_appeal", "content"} <= names
    assert "refund" not in names


@pytest.mark.parametrize(
    ("name", "value", "allowed", "may"),
    [
        ("payment", "fraud", None, True),
        ("payment", "fraud", {"fraud"}, True),
        ("payment", "legitimate", {"fraud"}, False),
        ("content", "violating", {"spam"}, True),
        ("content", "violating", {"acceptable"}, False),
    ],
)
def test_a_label_is_offered_if_it_may_be_used(
    name: str, value: str, allowed: set[str] | None, may: bool
) -> None:
    assert allows(event_type(name), value, allowed) == may


def test_a_refusal_names_the_label_and_what_is_allowed() -> None:
    with pytest.raises(InvalidVerdict) as refused:
        check_allowed("payment", Verdict("legitimate", "known_customer"), {"fraud"})
    assert refused.value.field == "verdict"
    assert "'legitimate' is not among what your groups may use on a payment" in str(refused.value)
    assert refused.value.allowed == "fraud"


def test_a_policy_that_is_not_allowed_is_refused() -> None:
    check_allowed("content", BROKEN, {"spam"})
    check_allowed("content", BROKEN, None)
    with pytest.raises(InvalidVerdict) as refused:
        check_allowed("content", BROKEN, {"harassment", "acceptable"})
    assert refused.value.field == "policies"
    assert refused.value.allowed == "harassment, acceptable"
