"""Notices about lists, rules and what guards their blocks: breakers that are open."""

from collections.abc import Iterator

from monitoring.overview.facts import Facts
from monitoring.overview.notices import Notice, NoticeLink, Rule
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
        )


RULES: tuple[Rule, ...] = (open_breakers,)
