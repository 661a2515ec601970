"""Notices about what guards decisions: models switched off, breakers, guardrails, rules to look at."""

from collections.abc import Iterator

from monitoring.guardrails.words import reading_text
from monitoring.overview.facts import Facts
from monitoring.overview.notices import Measured, Notice, NoticeLink, Rule, counted
from scoring.admin_kit.formatting import ago_text
from scoring.rules.breaker.words import responsible_text, tripped_text

MAX_RULES = 2  # with a link of their own


def open_breakers(facts: Facts) -> Iterator[Notice]:
    for breaker in facts.open_breakers or []:
        rules = [rule["name"] for rule in breaker.tripped["rules"]]
        since = ago_text(breaker.since, facts.now)
        due = breaker.until is None or breaker.until <= facts.now
        until = "with its next event" if due else f"at {breaker.until:%H:%M} UTC at the earliest"
        yield Notice(
            "bad",
            f"The breaker of {breaker.event_type} from {breaker.source} opened {since}:"
            f" {tripped_text(breaker.tripped)}.",
            f"{responsible_text(breaker.tripped)} Until it closes, {until}, these blocks become reviews."
            " Correct the cause, then reset the breaker.",
            *("Reset the breaker", "breakers"),
            also=tuple(
                NoticeLink(f"Open rule {name}", "rule", (breaker.event_type, name))
                for name in rules[:MAX_RULES]
            ),
            measured=Measured(
                ("breakers.open",), {"event_type": breaker.event_type, "source": breaker.source}
            ),
        )


def tripped_guardrails(facts: Facts) -> Iterator[Notice]:
    """Models that exceeded a guardrail within a day: rolled back, or why not."""
    for trip in facts.guardrail_trips or []:
        when, exceeded = ago_text(trip.tripped_at, facts.now), reading_text(trip.figures)
        if trip.why_not:
            yield Notice(
                "bad",
                f"The {trip.role} {trip.model} exceeded a guardrail {when} and still decides: {exceeded}.",
                f"It was not rolled back: {trip.why_not}. Roll it back by hand, or promote another model.",
                *("Open the model", "model"),
                (trip.model,),
                measured=Measured(("guardrails.trips",), {"event_type": trip.event_type}),
            )
            continue
        yield Notice(
            "warn",
            f"The {trip.role} {trip.model} was rolled back by itself {when}: {exceeded}.",
            "Find the cause before you deploy it again.",
            *("See guardrails", "guardrails"),
            also=(NoticeLink(f"Open {trip.model}", "model", (trip.model,)),),
            measured=Measured(("guardrails.trips",), {"event_type": trip.event_type}),
        )


def failing_rules(facts: Facts) -> Iterator[Notice]:
    for rule in facts.failing_rules or []:
        yield Notice(
            "warn",
            f"Rule {rule.name} of {rule.event_type} failed on"
            f" {counted(rule.events, 'event', 'events')} since yesterday.",
            "It did not match them. Decisions record the error; draft a version without it.",
            *("Open the rule", "rule"),
            (rule.event_type, rule.name),
        )


def requested_activations(facts: Facts) -> Iterator[Notice]:
    for rule in facts.requested_rules or []:
        asked = ago_text(rule.requested_at, facts.now)
        yield Notice(
            "info",
            f"{rule.requested_by.removeprefix('user/')} requested the activation of version {rule.requested}"
            f" of rule {rule.name} ({rule.event_type}) {asked}.",
            "Someone other than its author must approve or reject it.",
            *("Open the rule", "rule"),
            (rule.event_type, rule.name),
        )


def switched_off_models(facts: Facts) -> Iterator[Notice]:
    for switch in facts.rules_only or []:
        since = ago_text(switch.changed_at, facts.now)
        yield Notice(
            "warn",
            f"No model decides {switch.event_type}: rules only, since {since}.",
            f"{switch.changed_by.removeprefix('user/')} switched its models off: {switch.reason}. Such"
            " decisions are final; switch the models on again once they can be trusted.",
            *("See rules only", "rules_only"),
        )


RULES: tuple[Rule, ...] = (
    switched_off_models,
    open_breakers,
    tripped_guardrails,
    failing_rules,
    requested_activations,
)
