"""Precedence as its specification states it, sentence by sentence; written apart from the product."""

from dataclasses import dataclass
from itertools import product

OUTCOMES = ("allow", "challenge", "review", "limit", "block")


@dataclass(frozen=True)
class Case:
    """Everything that precedence depends on.

    `lists`: the actions of the lists that hit. `rules`: the rules that match: an outcome, "over:" before it
    for one that decides over lists, "shadow:" for one in shadow. `base`: the outcome of the score; that
    without a model ("no_model") or after its failure ("fallback") is `without_score`. `banks`: the actions of
    the hash banks that a file of the event matches.
    """

    lists: frozenset[str]
    rules: tuple[str, ...]
    base: str
    is_open: bool
    exploration: str  # "off", "drawn", "not_drawn", "capped"
    banks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expected:
    outcome: str
    decided_by: str
    initial: str
    is_considered: bool  # by exploration


RULES = (
    (),
    ("allow",),
    ("challenge",),
    ("review",),
    ("limit",),
    ("block",),
    ("shadow:block",),
    ("allow", "review"),
    ("allow", "block"),
    ("allow", "challenge"),
    ("challenge", "review"),
    ("review", "block"),
    ("allow", "shadow:block"),
    ("over:allow",),
    ("over:review",),
    ("over:block",),
    ("over:allow", "over:review"),
    ("over:allow", "block"),
    ("over:review", "allow"),
    ("over:block", "allow"),
    ("shadow:block", "over:allow"),
)
LISTS = [
    frozenset(name for name, is_hit in zip(("allow", "watch", "block"), hits, strict=True) if is_hit)
    for hits in product((False, True), repeat=3)
]
BASES = (*OUTCOMES, "no_model", "fallback")
EXPLORATIONS = ("off", "drawn", "not_drawn", "capped")
WITHOUT_BANKS = [Case(*each) for each in product(LISTS, RULES, BASES, (False, True), EXPLORATIONS)]
BANKS = [
    frozenset(actions)
    for actions in (
        ("block",),
        ("review",),
        ("limit",),
        ("label",),
        ("tag",),
        ("block", "review"),
        ("limit", "label"),
    )
]
RULES_BESIDE_BANKS = ((), ("allow",), ("limit",), ("block",), ("over:allow",), ("over:review", "block"))
WITH_BANKS = [
    Case(*each) for each in product(LISTS, RULES_BESIDE_BANKS, BASES, (False, True), ("off", "drawn"), BANKS)
]
CASES = [*WITHOUT_BANKS, *WITH_BANKS]


def most_severe(outcomes: list[str]) -> str:
    return max(outcomes, key=OUTCOMES.index)


def expected(case: Case, *, without_score: dict[str, str]) -> Expected:
    """What a decision must be. `without_score`: the outcome of the bases "no_model" and "fallback"."""
    outcome, decided_by = before_guards(case, without_score=without_score)
    by_block_list = decided_by in ("list", "bank") and outcome == "block"
    # While the breaker is open, a block that no block list or bank asks for is a review.
    if outcome == "block" and not by_block_list and case.is_open:
        return Expected("review", decided_by, "block", is_considered=False)
    # A block that is left may be let through, unless a list or bank asks for it or the model has failed.
    is_considered = (
        outcome == "block" and not by_block_list and case.exploration != "off" and case.base != "fallback"
    )
    if is_considered and case.exploration == "drawn":
        return Expected("allow", decided_by, "block", is_considered=True)
    return Expected(outcome, decided_by, "", is_considered=is_considered)


def before_guards(case: Case, *, without_score: dict[str, str]) -> tuple[str, str]:
    over_lists = [rule.removeprefix("over:") for rule in case.rules if rule.startswith("over:")]
    plain = [rule for rule in case.rules if ":" not in rule]
    # Rules that decide over lists decide over everything; the most severe of them wins.
    if over_lists:
        return most_severe(over_lists), "rule"
    # Then lists and banks: block before allow, and either over rules and model. Lists are named first.
    if "block" in case.lists:
        return "block", "list"
    if "block" in case.banks:
        return "block", "bank"
    if "allow" in case.lists:
        return "allow", "list"
    # Then the score, or what holds without one; a rule that allows takes its place.
    base = without_score.get(case.base, case.base)
    decided_by = "policy" if case.base in without_score else "model"
    if "allow" in plain:
        base, decided_by = "allow", "rule"
    # Whatever is more severe raises it: first the most severe rule, then a list to watch.
    raised = most_severe([base, *plain])
    if raised != base:
        base, decided_by = raised, "rule"
    # A bank asks for its action; the type has no label, and a review is the mildest outcome above that.
    asked = [{"label": "review"}.get(action, action) for action in case.banks if action != "tag"]
    raised = most_severe([base, *asked])
    by_list = "watch" in case.lists and most_severe([base, "review"]) != base
    if by_list:
        base, decided_by = "review", "list"
    if raised != base and most_severe([base, raised]) == raised:
        base, decided_by = raised, "bank"
    return base, decided_by
