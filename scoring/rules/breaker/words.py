"""Breakers in words: what tripped one, which rules are responsible, and what changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from scoring.admin_kit.formatting import count_text, duration_text, percent_text
from scoring.rules.breaker.models import BreakerChange
from scoring.rules.breaker.settings import BreakerSettings
from scoring.timestamps import from_iso

_CLOSED = {
    "cool_down": "closed by itself after the cool-down",
    "reset": "closed in the lane after a reset",
    "switched_off": "closed, because breakers were switched off",
}


def tripped_text(tripped: Mapping[str, Any]) -> str:
    """ "17 of the latest 40 events would be blocked (42 %; the limit is 40 %)"."""
    blocks = count_text(tripped["blocks"])
    if tripped["limit"] == "share":
        share, limit = percent_text(tripped["share"], 0), percent_text(tripped["max_share"], 0)
        latest = f"{blocks} of the latest {tripped['events']} events"
        return f"{latest} would be blocked ({share}; the limit is {limit})"
    window = duration_text(timedelta(seconds=tripped["window_s"]))
    limit = count_text(tripped["max_blocks"])
    return f"{blocks} events would be blocked within {window} (the limit is {limit})"


def responsible_text(tripped: Mapping[str, Any]) -> str:
    """ "Rule velocity asked for 15 of these blocks, rule country for 4; 2 came from the policy alone."."""
    asked = [f"rule {rule['name']} asked for {count_text(rule['blocks'])}" for rule in tripped["rules"]]
    without = tripped["without_rule"]
    if not asked:
        return "The policy alone asked for these blocks."
    first = asked[0] + " of these blocks"
    policy = f"; {count_text(without)} came from the policy alone" if without else ""
    return ", ".join([first[0].upper() + first[1:], *asked[1:]]) + policy + "."


def limits_text(settings: BreakerSettings) -> str:
    """ "more than 40 % of the latest 40 events, or more than 500 blocks within 10 min"."""
    if not settings.is_on:
        return "switched off"
    share = f"more than {percent_text(settings.max_share, 0)} of the latest {settings.min_events} events"
    limits = [share] if settings.max_share < 1 else []
    if settings.max_blocks is not None:
        limits.append(
            f"more than {count_text(settings.max_blocks)} blocks within {duration_text(settings.window)}"
        )
    return ", or ".join(limits)


def change_text(change: BreakerChange) -> str:
    """A line of the history."""
    data = change.data
    match change.change:
        case "tripped":
            opened = "opened" if from_iso(data["since"]) >= change.changed_at else "stayed open"
            return f"{opened}: {tripped_text(data)}. {responsible_text(data)}"
        case "closed":
            return _CLOSED[data["cause"]]
        case "reset":
            return f"reset by {change.actor}: {data['reason']}"
        case _:
            settings = BreakerSettings.of(data)
            return f"limits changed by {change.actor} ({limits_text(settings)}): {data['reason']}"
