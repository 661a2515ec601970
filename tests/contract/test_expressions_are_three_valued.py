"""Expressions answer as a slow reference of three-valued logic does, whatever is missing.

The reference evaluates a tree of its own; the text of the same tree is compiled and asked.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.rules.expressions.activation import ActivationBuilder
from scoring.rules.expressions.columns import ask_columns
from scoring.rules.expressions.compiling import compile_expression
from scoring.rules.expressions.grouping import group_expressions, places_to_ask
from scoring.rules.expressions.operands import operands_of
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.expressions.prefilter.prefilter import Prefilter

OPERANDS = operands_of("payment")
NUMBERS = ("amount", "customer_lat", "card_count_1h", "score")
TEXTS = ("merchant", "device", "category")
WORDS = ("", "a", "b", "shop", "é")
LISTS = ("stolen", "watch")
Event = Mapping[str, Any]  # values by name; a missing value is None
UNKNOWN = None


@dataclass(frozen=True)
class Node:
    """A part of an expression: its text by tokens, how tightly it binds, and its value for an event."""

    tokens: tuple[str, ...]
    binds: int
    value: Callable[[Event], Any]

    def within(self, level: int) -> tuple[str, ...]:
        return self.tokens if self.binds >= level else ("(", *self.tokens, ")")


CONDITION, OR, AND, COMPARISON, SUM, PRODUCT, UNARY, ATOM = range(8)


def known(function: Callable[..., Any], *parts: Node) -> Callable[[Event], Any]:
    """Unknown if any part is: what every operator but the connectives does."""

    def value(event: Event) -> Any:
        values = [part.value(event) for part in parts]
        return UNKNOWN if any(each is UNKNOWN for each in values) else function(*values)

    return value


def divided(left: float, right: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(left) / np.float64(right))


def multiplied(left: float, right: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(left) * np.float64(right))


ARITHMETIC: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (SUM, lambda left, right: left + right),
    "-": (SUM, lambda left, right: left - right),
    "*": (PRODUCT, multiplied),
    "/": (PRODUCT, divided),
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def binary(operator: str, binds: int, left: Node, right: Node, value: Callable[[Event], Any]) -> Node:
    return Node((*left.within(binds), operator, *right.within(binds + 1)), binds, value)


def calculation(left: Node, operator: str, right: Node) -> Node:
    binds, function = ARITHMETIC[operator]
    return binary(operator, binds, left, right, known(function, left, right))


def comparison(left: Node, operator: str, right: Node) -> Node:
    value = known(COMPARISONS[operator], left, right)
    return Node((*left.within(SUM), operator, *right.within(SUM)), COMPARISON, value)


def both(left: Node, right: Node) -> Node:
    def value(event: Event) -> Any:
        values = [left.value(event), right.value(event)]
        return False if False in values else UNKNOWN if UNKNOWN in values else True

    return binary("&&", AND, left, right, value)


def either(left: Node, right: Node) -> Node:
    def value(event: Event) -> Any:
        values = [left.value(event), right.value(event)]
        return True if True in values else UNKNOWN if UNKNOWN in values else False

    return binary("||", OR, left, right, value)


def negation(part: Node) -> Node:
    return Node(("!", *part.within(ATOM)), UNARY, known(lambda value: not value, part))


def choice(condition: Node, yes: Node, no: Node) -> Node:
    def value(event: Event) -> Any:
        chosen = condition.value(event)
        return UNKNOWN if chosen is UNKNOWN else (yes if chosen else no).value(event)

    tokens = (*condition.within(OR), "?", *yes.within(OR), ":", *no.within(OR))
    return Node(tokens, CONDITION, value)


def membership(part: Node, values: list[Node]) -> Node:
    separated = [token for each in values for token in (",", *each.tokens)][1:]
    found = known(lambda first, *others: any(first == other for other in others), part, *values)
    return Node((*part.within(SUM), "in", "[", *separated, "]"), COMPARISON, found)


def call(name: str, *parts: Node, function: Callable[..., Any]) -> Node:
    arguments = [token for part in parts for token in (",", *part.tokens)][1:]
    return Node((name, "(", *arguments, ")"), ATOM, known(function, *parts))


def method(part: Node, name: str, argument: Node, function: Callable[..., Any]) -> Node:
    return Node(
        (*part.within(ATOM), ".", name, "(", *argument.tokens, ")"), ATOM, known(function, part, argument)
    )


def operand(name: str) -> Node:
    return Node((name,), ATOM, lambda event: event[name])


def presence(name: str) -> Node:
    return Node(("has", "(", name, ")"), ATOM, lambda event: event[name] is not None)


def lookup(field: str, name: str) -> Node:
    return Node(
        ("listed", "(", field, ",", f'"{name}"', ")"), ATOM, lambda event: (field, name) in event["hits"]
    )


def number(value: float) -> Node:
    written = f"{value:g}" if value >= 0 else f"-{-value:g}"
    return Node((written,), ATOM if value >= 0 else UNARY, lambda event: float(written))


def text(value: str) -> Node:
    return Node((f'"{value}"',), ATOM, lambda event: value)


literals = st.sampled_from([0, 1, 2, 0.5, 100, -1, 1e3]).map(number)
words = st.sampled_from(WORDS).map(text)
texts = st.recursive(
    st.sampled_from(TEXTS).map(operand) | words,
    lambda inner: st.builds(
        lambda left, right: binary("+", SUM, left, right, known(lambda a, b: a + b, left, right)),
        inner,
        inner,
    ),
    max_leaves=3,
)
numbers = st.recursive(
    st.sampled_from(NUMBERS).map(operand) | literals,
    lambda inner: (
        st.builds(calculation, inner, st.sampled_from(sorted(ARITHMETIC)), inner)
        | st.builds(lambda part: Node(("-", *part.within(ATOM)), UNARY, known(lambda a: -a, part)), inner)
        | st.builds(lambda part: call("math.abs", part, function=abs), inner)
        | st.builds(lambda part: call("size", part, function=lambda a: float(len(a))), texts)
    ),
    max_leaves=4,
)
atoms = (
    st.builds(comparison, numbers, st.sampled_from(sorted(COMPARISONS)), numbers)
    | st.builds(comparison, texts, st.sampled_from(["==", "!="]), texts)
    | st.builds(membership, numbers, st.lists(literals, min_size=1, max_size=3))
    | st.builds(membership, texts, st.lists(words, min_size=1, max_size=3))
    | st.builds(lambda a, b: method(a, "contains", b, lambda x, y: y in x), texts, words)
    | st.sampled_from((*NUMBERS, *TEXTS, "ip")).map(presence)
    | st.builds(lookup, st.sampled_from((*TEXTS, "ip")), st.sampled_from(LISTS))
    | st.sampled_from(
        [Node(("true",), ATOM, lambda event: True), Node(("false",), ATOM, lambda event: False)]
    )
)
conditions = st.recursive(
    atoms,
    lambda inner: (
        st.builds(both, inner, inner)
        | st.builds(either, inner, inner)
        | st.builds(negation, inner)
        | st.builds(choice, inner, inner, inner)
    ),
    max_leaves=8,
)
values = st.none() | st.sampled_from([0.0, 1.0, 2.0, 0.5, 100.0, -1.0])
events = st.fixed_dictionaries(
    {
        **dict.fromkeys(NUMBERS, values),
        **dict.fromkeys((*TEXTS, "ip"), st.none() | st.sampled_from(WORDS)),
        "hits": st.sets(st.tuples(st.sampled_from((*TEXTS, "ip")), st.sampled_from(LISTS))),
    }
)
spaces = st.lists(st.sampled_from([" ", "\n", "  ", " // a ) comment\n"]), min_size=1, max_size=4)


def written(node: Node, between: list[str]) -> str:
    return "".join(token + between[index % len(between)] for index, token in enumerate(node.tokens))


def fields_of(event: Event) -> dict[str, Any]:
    fields = {name: event[name] for name in (*TEXTS, "ip", "customer_lat") if event[name] is not None}
    if event["amount"] is not None:
        fields["amount"] = {"minor": int(event["amount"] * 100), "currency": "USD"}
    return fields


@settings(max_examples=400, deadline=None)
@given(node=conditions, asked=st.lists(events, min_size=1, max_size=4), between=spaces)
def test_an_expression_answers_as_the_reference_does(
    node: Node, asked: list[Event], between: list[str]
) -> None:
    expression = compile_expression(written(node, between), OPERANDS)
    builder = ActivationBuilder([expression])
    expected = [node.value(event) for event in asked]
    alone = [expression.answer(activation_of(event, builder)) for event in asked]
    assert alone == expected
    together = ask_columns(expression, columns=columns_of(asked), count=len(asked), hits=hits_of(asked))
    assert together.matched.tolist() == [answer is True for answer in expected]
    assert together.unknown.tolist() == [answer is UNKNOWN for answer in expected]
    assert not together.failed


@settings(max_examples=200, deadline=None)
@given(nodes=st.lists(conditions, min_size=1, max_size=20), event=events, between=spaces)
def test_of_a_group_all_expressions_are_asked_unless_each_of_them_is_false(
    nodes: list[Node], event: Event, between: list[str]
) -> None:
    expressions = [compile_expression(written(node, between), OPERANDS) for node in nodes]
    groups = group_expressions(expressions)
    activation = activation_of(event, ActivationBuilder(expressions))
    is_false = [node.value(event) is False for node in nodes]
    alone = [group.places for group in groups if len(group.places) == 1]
    expected = [
        place
        for group in groups
        for place in group.places
        if group.places in alone or not all(is_false[each] for each in group.places)
    ]
    assert list(places_to_ask(groups, activation)) == sorted(expected)
    assert sorted(place for group in groups for place in group.places) == list(range(len(nodes)))
    among = {place for place, each in enumerate(is_false) if not each}
    assert list(places_to_ask(groups, activation, among=among)) == sorted(among)


@settings(max_examples=600, deadline=None)
@given(
    nodes=st.lists(conditions, min_size=1, max_size=8),
    asked=st.lists(events, min_size=1, max_size=6),
    between=spaces,
)
def test_the_prefilter_excludes_only_what_is_false(
    nodes: list[Node], asked: list[Event], between: list[str]
) -> None:
    expressions = [compile_expression(written(node, between), OPERANDS) for node in nodes]
    possible = Prefilter(expressions).may_match([event_values(event) for event in asked])
    for row, node in zip(possible.tolist(), nodes, strict=True):
        excluded = [event for event, may_match in zip(asked, row, strict=True) if not may_match]
        assert [node.value(event) for event in excluded] == [False] * len(excluded)


number_operands, text_operands = st.sampled_from(NUMBERS).map(operand), st.sampled_from(TEXTS).map(operand)
simple_atoms = (
    st.builds(comparison, number_operands, st.sampled_from(sorted(COMPARISONS)), literals)
    | st.builds(comparison, text_operands, st.sampled_from(["==", "!="]), words)
    | st.builds(membership, number_operands, st.lists(literals, min_size=1, max_size=3))
    | st.builds(membership, text_operands, st.lists(words, min_size=1, max_size=3))
    | st.sampled_from((*NUMBERS, *TEXTS, "ip")).map(presence)
    | st.builds(lookup, st.sampled_from((*TEXTS, "ip")), st.sampled_from(LISTS))
)
simple_conditions = st.recursive(
    simple_atoms,
    lambda inner: (
        st.builds(both, inner, inner) | st.builds(either, inner, inner) | st.builds(negation, inner)
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(node=simple_conditions, asked=st.lists(events, min_size=1, max_size=6))
def test_the_prefilter_excludes_whatever_is_false_of_simple_conditions(
    node: Node, asked: list[Event]
) -> None:
    prefilter = Prefilter([compile_expression(" ".join(node.tokens), OPERANDS)])
    possible = prefilter.may_match([event_values(event) for event in asked])
    assert possible.tolist() == [[node.value(event) is not False for event in asked]]


def event_values(event: Event) -> EventValues:
    features = {name: event[name] for name in NUMBERS if name.startswith("card_")}
    return EventValues(fields_of(event), "shop", {}, features, event["score"], event["hits"])


def activation_of(event: Event, builder: ActivationBuilder) -> Any:
    return builder.build(
        fields=fields_of(event),
        source="shop",
        features=[event[name] for name in builder.features],
        score=event["score"],
        hits=event["hits"],
    )


def columns_of(asked: list[Event]) -> dict[str, Any]:
    numbers = {
        name: np.array([math.nan if event[name] is None else event[name] for event in asked])
        for name in NUMBERS
    }
    numbers["amount"] = numbers["amount"] * 100
    return {**numbers, **{name: [event[name] for event in asked] for name in (*TEXTS, "ip")}}


def hits_of(asked: list[Event]) -> dict[tuple[str, str], Any]:
    lookups = {(field, name) for field in (*TEXTS, "ip") for name in LISTS}
    return {each: np.array([each in event["hits"] for event in asked]) for each in lookups}
