"""Guardrails in words: what each limits, and what exceeded it."""

from collections.abc import Mapping
from typing import Any, Final

from monitoring.guardrails.settings import (
    BLOCKS,
    ERRORS,
    SCORE_SHIFT,
    SLOW,
    WRONG_BLOCKS,
    Guardrail,
    GuardrailSettings,
)
from scoring.admin_kit.formatting import count_text, decimal_text, percent_text

LABELS: Final = {
    ERRORS: "Errors",
    SLOW: "Slow decisions",
    BLOCKS: "Blocks",
    WRONG_BLOCKS: "Wrong blocks",
    SCORE_SHIFT: "Score shift",
}
EXPLAINED: Final = {
    ERRORS: "Events that the model was to decide and could not.",
    SLOW: "Decisions that took longer than the limit while the client waited, timeouts included.",
    BLOCKS: "Decisions to block, before a breaker or exploration changed them.",
    WRONG_BLOCKS: "Blocks with a negative label, among those that have any label yet.",
    SCORE_SHIFT: "PSI of the scores against those on held-out events at training.",
}
_FOUND: Final = {
    ERRORS: "{count} of {events} events failed",
    SLOW: "{count} of {events} decisions took longer than {ms:g} ms",
    BLOCKS: "{count} of {events} events would be blocked",
    WRONG_BLOCKS: "{count} of {events} labeled blocks were wrong",
}


def reading_text(figures: Mapping[str, Any]) -> str:
    """ "60 of 62 events would be blocked (97 %; at most 5 % are allowed)", from a reading as logged."""
    metric = figures["metric"]
    if metric == SCORE_SHIFT:
        psi, allowed = decimal_text(figures["value"], 2), decimal_text(figures["allowed"], 2)
        return (
            f"the PSI of {count_text(figures['events'])} scores against training is {psi}"
            f" (at most {allowed} is allowed)"
        )
    found = _FOUND[metric].format(
        count=count_text(figures["count"]),
        events=count_text(figures["events"]),
        ms=figures["slower_than_ms"] or 0,
    )
    value, allowed = percent_text(figures["value"], 0), percent_text(figures["allowed"], 0)
    return f"{found} ({value}; at most {allowed} are allowed)"


def limit_text(guardrail: Guardrail) -> str:
    """ "5 % of at least 50 events, or 3 times the share of the model it is compared with"."""
    if not guardrail.on:
        return "off"
    events = count_text(guardrail.minimum)
    if guardrail.metric == SCORE_SHIFT:
        return f"a PSI of {guardrail.limit:g} above that of the other model, on at least {events} events"
    slow = f" slower than {guardrail.slower_than_ms:g} ms" if guardrail.slower_than_ms else ""
    share = percent_text(guardrail.limit, 1)
    return f"{share}{slow} of at least {events} events, or {guardrail.times:g} times the other model's share"


def settings_text(settings: GuardrailSettings) -> str:
    """Settings in one line, for tables and the history."""
    if not settings.on:
        return "switched off"
    on = [LABELS[each.metric].lower() for each in settings.guardrails if each.on]
    return f"{', '.join(on) or 'none'}; new champions for {settings.watch_hours} h"
