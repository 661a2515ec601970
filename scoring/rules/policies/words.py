"""A policy in words: sentences for pages, and named values that two versions are compared by."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scoring.admin_kit.formatting import NO_BREAK_SPACE, count_text, money_text, percent_text
from scoring.catalog.event_type import EventType
from scoring.catalog.policies import titles_of
from scoring.rules.policies.costs import NEVER, Costs, cheapest_thresholds
from scoring.rules.policies.policy import CAPACITY, COST, FIXED, MODEL, Policy, Terms

MODE_WORDS = {
    MODEL: "the model's own thresholds",
    FIXED: "fixed thresholds",
    COST: "the least cost",
    CAPACITY: "reviewers' capacity",
}
OUTCOME_VERBS = {  # by what people call the outcome
    "label": "labeled",
    "challenge": "challenged",
    "review": "reviewed",
    "limit": "limited",
    "block": "blocked",
    "remove": "removed",
}
EXAMPLE_AMOUNTS = (1_000, 10_000, 100_000)  # minor units: 10, 100 and 1,000 of most currencies


class Difference(NamedTuple):
    """A value that differs between two versions; "" where a version has none."""

    name: str
    before: str
    after: str


class ExampleThresholds(NamedTuple):
    """The thresholds of an event of an amount, each as text, in order of severity."""

    amount: str
    thresholds: Sequence[str]


def terms_in_words(terms: Terms, kind: type[EventType], *, of_model: Mapping[str, float]) -> list[str]:
    """What the terms do, in sentences. `of_model`: the thresholds of the champion, {} without one."""
    if terms.costs:
        return _costs_in_words(terms.costs, kind)
    if terms.mode == MODEL:
        now = thresholds_in_words(of_model, kind) if of_model else "No model decides yet."
        return [f"The thresholds stored with the model that decides. {now}"]
    sentences = [thresholds_in_words(terms.thresholds, kind)]
    if terms.capacity:
        capacity = terms.capacity
        sentences.append(
            f"Reviewers get about {capacity.cases_a_day:,} cases a day: the review threshold was computed"
            f" from {capacity.events:,} scores of {capacity.since} to {capacity.until}."
        )
    return sentences


def heads_in_words(policy: Policy, kind: type[EventType]) -> list[tuple[str, list[str]]]:
    """The content policies that have terms of their own, by title, and what the terms do."""
    titles = titles_of(kind.policies)
    return [
        (titles.get(name, name), terms_in_words(terms, kind, of_model={}))
        for name, terms in policy.heads.items()
    ]


def thresholds_in_words(thresholds: Mapping[str, float], kind: type[EventType]) -> str:
    """Thresholds in one sentence.

        >>> from scoring.catalog.event_type import EventType
    from scoring.catalog.policies import titles_of
        >>> thresholds_in_words({"review": 0.2, "block": 0.8}, EventType).replace(chr(160), " ")
        'Events are reviewed from a score of 20.0 % and blocked from 80.0 %.'
    """
    given = [
        f"{outcome_verb(kind, outcome)} from {threshold_text(threshold)}"
        for outcome in kind.outcomes[1:]
        if (threshold := thresholds.get(outcome, NEVER)) <= 1
    ]
    if not given:
        return "Every event is allowed, whatever its score."
    *others, last = [given[0].replace(" from ", " from a score of ", 1), *given[1:]]
    return f"Events are {', '.join(others)} and {last}." if others else f"Events are {last}."


def outcome_verb(kind: type[EventType], outcome: str) -> str:
    """What an outcome does to events of a type, after "events are": "removed"."""
    title = kind.outcome_title(outcome)
    return OUTCOME_VERBS.get(title, f"given the outcome {title}")


def threshold_text(value: float) -> str:
    """A threshold as a percentage, or "never" above every score."""
    return "never" if value > 1 else percent_text(value)


def _costs_in_words(costs: Costs, kind: type[EventType]) -> list[str]:
    currency = kind.base_currency
    amount = "its amount" if costs.loss_share == 1 else f"{percent_text(costs.loss_share, 0)} of its amount"
    fee, insult = _unbroken(costs.chargeback_fee, currency), _unbroken(costs.insult, currency)
    sentences = [
        "Every event gets the outcome that is expected to cost least.",
        f"Allowed fraud costs {amount} and a fee of {fee}; a refused good customer costs"
        f" {percent_text(costs.margin)} of the amount and {insult}.",
    ]
    for action in costs.actions:
        sentence = (
            f"A {action.outcome} costs {_unbroken(action.cost, currency)} and catches"
            f" {percent_text(action.catches, 0)} of fraud"
        )
        loses = f", but loses {percent_text(action.loses)} of good customers" if action.loses else ""
        sentences.append(f"{sentence}{loses}.")
    return sentences


def _unbroken(minor: int, currency: str) -> str:
    return money_text(minor, currency).replace(" ", NO_BREAK_SPACE)


def example_thresholds(costs: Costs, kind: type[EventType]) -> list[ExampleThresholds]:
    """The thresholds of events of a few amounts."""
    return [
        ExampleThresholds(
            money_text(amount, kind.base_currency),
            [threshold_text(value) for value in cheapest_thresholds(costs, amount).values()],
        )
        for amount in EXAMPLE_AMOUNTS
    ]


def example_outcomes(terms: Terms) -> list[str]:
    """The outcomes whose thresholds `example_thresholds` gives, in order."""
    return [*(action.outcome for action in terms.costs.actions), "block"] if terms.costs else []


def policy_values(policy: Policy, kind: type[EventType]) -> dict[str, str]:
    """Everything that a policy says, by name, in order."""
    values = dict(_terms_values(policy.terms, kind))
    for segment in policy.segments:
        values[f"Segment {segment.name}"] = segment.expression
        for name, value in _terms_values(segment.terms, kind):
            values[f"Segment {segment.name}: {name[0].lower()}{name[1:]}"] = value
    titles = titles_of(kind.policies)
    for head, terms in policy.heads.items():
        for name, value in _terms_values(terms, kind):
            values[f"{titles.get(head, head)}: {name[0].lower()}{name[1:]}"] = value
    if policy.description:
        values["Why"] = policy.description
    return values


def _terms_values(terms: Terms, kind: type[EventType]) -> Iterator[tuple[str, str]]:
    currency = kind.base_currency
    yield "Decides by", MODE_WORDS[terms.mode]
    for outcome in kind.outcomes[1:]:
        if outcome in terms.thresholds:
            yield (
                f"{kind.outcome_title(outcome).capitalize()} from",
                threshold_text(terms.thresholds[outcome]),
            )
    if terms.capacity:
        yield "Cases a day", count_text(terms.capacity.cases_a_day)
        yield "Computed from", f"scores of {terms.capacity.since} to {terms.capacity.until}"
    if terms.costs:
        costs = terms.costs
        yield "Share of the amount that fraud loses", percent_text(costs.loss_share)
        yield "Chargeback fee", money_text(costs.chargeback_fee, currency)
        yield "Margin", percent_text(costs.margin)
        yield "Insult", money_text(costs.insult, currency)
        for action in costs.actions:
            called = kind.outcome_title(action.outcome)
            yield f"Cost of a {called}", money_text(action.cost, currency)
            yield f"Fraud that a {called} catches", percent_text(action.catches)
            yield (
                f"Good customers that a {called} loses",
                percent_text(action.loses),
            )


def differences(before: Policy, after: Policy, kind: type[EventType]) -> list[Difference]:
    """The values that differ, in the order of the later policy, then those that it has no more."""
    old, new = policy_values(before, kind), policy_values(after, kind)
    names = [*new, *(name for name in old if name not in new)]
    pairs = [Difference(name, old.get(name, ""), new.get(name, "")) for name in names]
    return [pair for pair in pairs if pair.before != pair.after]
