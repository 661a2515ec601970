"""The table of injected faults in Markdown, from the results of the runs. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.faults.injected import BY_NAME

HEAD = "| fault | found after | alert | cause named | action | resolved after |\n|---|---|---|---|---|---|"
HOURS_A_DAY = 24.0


def fault_table(results: Sequence[Mapping[str, Any]]) -> str:
    """A row for each fault, in the order given."""
    return "\n".join([HEAD, *(fault_row(each) for each in results)])


def fault_row(result: Mapping[str, Any]) -> str:
    fault = BY_NAME[result["fault"]]
    named = result["named"]
    if named is None:
        first = result["fired"][0] if result["fired"] else None
        found = f"{hours_text(first['after'])}, misnamed" if first else "not found"
        cells = [found, f"`{first['rule']}`" if first else "", "no", _action(result, first), ""]
    else:
        cells = [
            hours_text(named["after"]),
            f"`{named['rule']}`",
            f"“{_shortened(named['because'])}”",
            _action(result, named),
            _resolved(result, named),
        ]
    return f"| {fault.title} | {' | '.join(cells)} |"


def hours_text(hours: float) -> str:
    """Minutes, hours or days, whichever reads best.

    >>> [hours_text(value) for value in (0.5, 3.26, 48)]
    ['30 min', '3.3 h', '2.0 d']
    """
    if hours < 1:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < HOURS_A_DAY else f"{hours / HOURS_A_DAY:.1f} d"


def quiet_text(quiet: Mapping[str, Any]) -> str:
    """One sentence about the quiet days."""
    fired = quiet["fired"]
    which = ", ".join(f"`{each['rule']}` after {hours_text(each['after'])}" for each in fired)
    alerts = "no alert fired" if not fired else f"{len(fired)} alert{'s' * (len(fired) > 1)} fired: {which}"
    return f"In {quiet['days']} quiet days with {quiet['events']:,} events {alerts}."


def _action(result: Mapping[str, Any], alert: Mapping[str, Any] | None) -> str:
    done = [*result["trips"], *(alert["done"] if alert else ())]
    if done:
        return "; ".join(_shortened(each) for each in done)
    offered = ", ".join(f"`{name}`" for name in alert["actions"]) if alert else ""
    return f"offers {offered}" if offered else "told to its owner"


def _resolved(result: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """How long after the end of the fault the alert resolved."""
    if named["resolved"] is None:
        return "fault goes on" if not result["recovers"] else "not yet"
    after = named["resolved"] - result["lasts"]
    return hours_text(after) if after > 0 else "during the fault"


def _shortened(text: str, limit: int = 150) -> str:
    text = text.replace("|", "/")
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + " …"
