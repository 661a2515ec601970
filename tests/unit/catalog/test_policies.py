"""Which policies and words for verdicts an event type may declare."""

from typing import Any

import pytest

from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType, Labels
from scoring.catalog.fields import Category, Entity
from scoring.catalog.policies import Policy, ReasonCode, VerdictWords, parse_policies, split_names
from scoring.declare.errors import CatalogError

TWICE = (ReasonCode("a", "A"), ReasonCode("a", "B"))


def declare(**members: Any) -> type[EventType]:
    labels = Labels(positive="bad", negative="good")
    return type(
        "Thing",
        (EventType,),
        {"name": "thing", "lane": "things", "who": Entity(), "labels": labels} | members,
    )


def test_a_type_declares_policies_and_words_for_its_verdicts() -> None:
    kind = declare(policies=(Policy("spam"), Policy("hate")), verdicts={"bad": VerdictWords("Bad", "v")})
    assert [policy.name for policy in kind.policies] == ["spam", "hate"]
    assert EventType.policies == ()


def test_an_event_is_called_by_its_own_noun_else_that_of_its_type() -> None:
    what = Category(values=("blog_post", "comment"))
    kind = declare(what=what, noun="post", noun_field="what")
    assert [kind.noun_of({"what": "blog_post"}), kind.noun_of({})] == ["blog post", "post"]
    assert declare().noun_of({}) == "thing"


def test_an_outcome_is_called_as_the_type_says() -> None:
    kind = declare(outcome_titles={"block": "take_down"})
    assert [kind.outcome_title(outcome) for outcome in kind.outcomes] == ["allow", "review", "take down"]


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"policies": (Policy("spam"), Policy("spam"))}, "policies names a policy twice"),
        ({"conversation": "thread"}, "conversation is 'thread', which is not an entity of it"),
        ({"noun_field": "who"}, "noun_field is 'who', which is not a category of it"),
        (
            {"outcome_titles": {"limit": "hide"}},
            "outcome_titles names 'limit', which is not an outcome of it",
        ),
        ({"policies": (Policy("no spam"),)}, "policies names 'no spam'; a policy is an identifier"),
        ({"policies": (Policy("spam", ground="taste"),)}, "gives spam the ground 'taste'; use terms or law"),
        ({"policies": (Policy("spam", reason_codes=TWICE),)}, "policies gives spam a reason twice"),
        ({"verdicts": {"ugly": VerdictWords("U", "u")}}, "verdicts has words for ugly, which is not a label"),
        ({"verdicts": {"bad": VerdictWords("Bad", "vv")}}, "verdicts gives bad the key 'vv'"),
        (
            {"verdicts": {"bad": VerdictWords("Bad", "n")}},
            "the key 'n', which the case page uses; free",
        ),
        ({"verdicts": {"bad": VerdictWords(" ", "v")}}, "verdicts gives bad no title"),
        (
            {"verdicts": {"bad": VerdictWords("Bad", "v", outcome="review")}},
            "gives bad the outcome 'review'; use one of allow, block",
        ),
        (
            {"verdicts": {"bad": VerdictWords("Bad", "v", outcome="block")}, "policies": (Policy("spam"),)},
            "of types with policies the reviewer chooses it",
        ),
        (
            {"verdicts": {"bad": VerdictWords("Bad", "x")}, "policies": (Policy("spam"),)},
            "the key 'x', which the case page uses",
        ),
        (
            {"verdicts": {"bad": VerdictWords("B", "v"), "good": VerdictWords("G", "v")}},
            "verdicts gives two labels the same key",
        ),
        (
            {"verdicts": {"bad": VerdictWords("Bad", "v", (ReasonCode("a b", "A"),))}},
            "verdicts gives bad the reason 'a b'",
        ),
    ],
)
def test_a_mistake_in_them_names_what_is_wrong(members: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError, match=problem):
        declare(**members)


@pytest.mark.parametrize(
    ("given", "parsed"),
    [(None, ()), ([], ()), (["spam"], ("spam",)), (["spam", "hate", "spam"], ("hate", "spam"))],
)
def test_named_policies_are_sorted_and_each_is_named_once(given: object, parsed: tuple[str, ...]) -> None:
    assert parse_policies(given, known=("spam", "hate")) == parsed


@pytest.mark.parametrize("given", ["spam", [1], {"spam": 1}, ["spam", "arson"], ["SPAM"]])
def test_other_names_are_refused_with_the_policies_that_exist(given: object) -> None:
    with pytest.raises(FieldError) as error:
        parse_policies(given, known=("spam", "hate"))
    assert error.value.allowed == ["spam", "hate"]


def test_an_event_type_without_policies_allows_none() -> None:
    with pytest.raises(FieldError) as error:
        parse_policies(["spam"], known=())
    assert error.value.allowed == "none: the event type has no policies"


@pytest.mark.parametrize("cell", ["spam,hate", "spam; hate", " spam | hate ", "spam hate"])
def test_a_cell_names_policies_with_any_usual_separator(cell: str) -> None:
    assert split_names(cell) == ["spam", "hate"]
