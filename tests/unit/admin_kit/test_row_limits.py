"""What a member of several groups sees and may use."""

import pytest

from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits, union_of

PAYMENTS = Limits.of(["payment"], {})
FRAUD_ONLY = Limits.of(["payment"], {"payment": ["fraud"]})
POSTS = Limits.of(["content"], {"content": ["spam"]})
SPAM_OF_ALL = Limits.of([], {"content": ["spam"]})
HATE_OF_ALL = Limits.of([], {"content": ["hate"]})


def test_without_groups_there_are_no_limits() -> None:
    assert union_of([]) == UNLIMITED
    assert UNLIMITED.is_nothing
    assert UNLIMITED.sees("anything")


@pytest.mark.parametrize(
    ("groups", "seen"),
    [
        ([PAYMENTS], {"payment"}),
        ([PAYMENTS, POSTS], {"payment", "content"}),
        ([PAYMENTS, UNLIMITED], None),
        ([PAYMENTS, SPAM_OF_ALL], None),
    ],
)
def test_any_group_that_sees_a_type_shows_it(groups: list[Limits], seen: set[str] | None) -> None:
    assert union_of(groups).event_types == seen


@pytest.mark.parametrize(
    ("groups", "event_type", "allowed"),
    [
        ([FRAUD_ONLY], "payment", {"fraud"}),
        ([FRAUD_ONLY, PAYMENTS], "payment", None),
        ([FRAUD_ONLY, UNLIMITED], "payment", None),
        ([SPAM_OF_ALL, HATE_OF_ALL], "content", {"spam", "hate"}),
        # A group that does not see the type has no say about its labels.
        ([POSTS, PAYMENTS], "content", {"spam"}),
        ([POSTS, PAYMENTS], "payment", None),
    ],
)
def test_any_group_that_sees_the_type_allows_its_labels(
    groups: list[Limits], event_type: str, allowed: set[str] | None
) -> None:
    assert union_of(groups).labels_of(event_type) == allowed


def test_empty_lists_limit_nothing() -> None:
    assert Limits.of([], {"payment": []}) == UNLIMITED
