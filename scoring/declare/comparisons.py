"""Differences and ratios in plain words: "the amount is 12 times the mean amount of ..."."""

import math

from scoring.declare.protocols.grammar import Grammar
from scoring.declare.word import Word


def compare_sides(grammar: Grammar, operator: str, left: Word, right: Word, value: float) -> str:
    """The sentence for `left` less or divided by `right`, for a value or NaN."""
    score = standard_score(operator, left, right)
    compared = (score or left).noun(grammar)
    if math.isnan(value):
        return _not_comparable(grammar, operator, score or left, right)
    if score:
        far = grammar.number(abs(value))
        deviations = "standard deviation" if far == "1" else "standard deviations"
        mean = left.difference[1]  # type: ignore[index]
        return f"{compared} is {far} {deviations} {side_of(value)} {mean.noun(grammar)}"
    if operator == "/":
        times = grammar.number(value)
        return f"{compared} is {'1.0' if times == '1' else times} times {right.noun(grammar)}"
    return f"{compared} is {grammar.value(abs(value))} {side_of(value)} {right.noun(grammar)}"


def side_of(value: float) -> str:
    """Whether a positive or negative difference is "above" or "below"."""
    return "above" if value >= 0 else "below"


def standard_score(operator: str, left: Word, right: Word) -> Word | None:
    """The scored value in (value - mean) / standard deviation; None for anything else."""
    if operator != "/" or left.difference is None:
        return None
    scored, mean = left.difference
    return scored if (mean.statistic, right.statistic) == ("mean", "std") else None


def _not_comparable(grammar: Grammar, operator: str, left: Word, right: Word) -> str:
    """Why there is no difference or ratio, by what an event may lack."""
    divides = operator == "/"
    text = f"{left.noun(grammar)} cannot be compared with {right.noun(grammar)}"
    if left.may_be_missing(grammar):
        return f"{text}: one of them is not known{', or the latter is 0' if divides else ''}"
    lacks = right.may_be_missing(grammar) or not divides
    return f"{text}, which is {' or '.join(['not known'] * lacks + ['0'] * divides)}"
