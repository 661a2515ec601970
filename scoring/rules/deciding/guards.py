"""What holds back or lets through would-be blocks of a lane: its breakers and its exploration."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.registry import event_type as find_event_type
from scoring.log.entries import NewEntry
from scoring.rules.breaker.handover import keep_events, kept_events
from scoring.rules.breaker.restoring import read_breakers
from scoring.rules.breaker.tripping import OPEN, Breakers, State
from scoring.rules.deciding.precedence import BLOCK, Finding, Resolution, explored, held_by_breaker
from scoring.rules.deciding.ruleset import Ruleset
from scoring.rules.exploration.drawing import ExplorationResult, Explorer
from scoring.rules.exploration.settings import Exploration
from scoring.rules.exploration.spending import money_at_risk, read_explorer


@dataclass(frozen=True, slots=True)
class Guards:
    """The breakers and the explorer of a lane, as its decisions so far leave them.

    A holder that discards decisions it has made must read them anew, since these have counted them.
    """

    breakers: Breakers
    explorer: Explorer

    def follow(self, ruleset: Ruleset, *, now: datetime) -> None:
        """Apply a later version of the ruleset."""
        self.breakers.follow(ruleset.breakers, now=now)

    def keep(self, lane: str, *, cursor: str) -> None:
        """Keep what the breakers have counted for the next holder of the lane, which takes it at `cursor`."""
        keep_events(lane, self.breakers.observed(), cursor=cursor)

    def entries_to_append(self) -> list[NewEntry]:
        """The entries about breakers that opened or closed since the last call."""
        return self.breakers.entries_to_append()


def read_guards(
    event_types: Collection[str], ruleset: Ruleset, *, lane: str, cursor: str, now: datetime
) -> Guards:
    """The guards of a lane's event types, from what is stored. `cursor`: that of the lane's states."""
    kept = kept_events(lane, cursor=cursor)
    breakers = read_breakers(event_types, ruleset.breakers, now=now, kept=kept)
    return Guards(breakers, read_explorer(event_types, now=now))


def pass_breaker(
    resolution: Resolution,
    findings: Collection[Finding],
    event_type: str,
    source: str,
    *,
    guards: Guards,
    now: datetime,
) -> tuple[Resolution, State]:
    """The resolution after the breaker of the type and source, which counts the event; and its state."""
    state = guards.breakers.observe(
        event_type,
        source,
        would_block=resolution.stoppable,
        by=blocking_rules(findings) if resolution.stoppable else (),
        now=now,
    )
    held = state == OPEN and resolution.stoppable
    return (held_by_breaker(resolution) if held else resolution), state


def pass_exploration(
    resolution: Resolution,
    exploration: Exploration | None,
    event: Mapping[str, Any],
    stream: str,
    *,
    guards: Guards,
    now: datetime,
) -> tuple[Resolution, ExplorationResult | None]:
    """The resolution after exploration, and what that did; None if it was not a block that it may explore.

    `event`: the data of the receipt of `stream`. `exploration`: None if it is off.
    """
    if exploration is None or not resolution.stoppable:
        return resolution, None
    kind = find_event_type(event["type"])
    amount = money_at_risk(kind.name, kind.stake(event["fields"]))
    result = guards.explorer.explore(exploration, stream, amount=amount, now=now)
    return (explored(resolution) if result.is_let_through else resolution), result


def blocking_rules(findings: Collection[Finding]) -> list[str]:
    """The active rules that ask for a block."""
    return [
        each.name
        for each in findings
        if each.kind == "rule" and each.stage == "active" and each.outcome == BLOCK
    ]
