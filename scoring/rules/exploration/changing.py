"""Changes exploration; the only writer of `exploration.changed`."""

import secrets
from dataclasses import replace
from datetime import datetime

from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import scored_type
from scoring.log.entries import Entry
from scoring.rules.exploration.errors import ExplorationUnchanged
from scoring.rules.exploration.models import StoredExploration
from scoring.rules.exploration.settings import Exploration, check_exploration
from scoring.rules.ruleset.life_cycle import require_reason
from scoring.rules.ruleset.stream import Change, change_ruleset


def exploration_of(event_type: str) -> Exploration | None:
    """The settings of an event type; None if exploration was never set."""
    row = StoredExploration.objects.filter(pk=event_type).values().first()
    return Exploration.of(row) if row else None


def new_salt() -> str:
    """A random salt: the senders of events cannot choose ids that are drawn."""
    return secrets.token_hex(8)


def check_change(
    exploration: Exploration, before: Exploration | None, *, reason: str, first_salt: str = ""
) -> Exploration:
    """The settings with a salt: theirs, else the present one, else the first (by default a new one).

    Raises what `change_exploration` does, but for settings that are the present ones.
    """
    scored_type(exploration.event_type)
    require_reason(reason, f"the exploration of {exploration.event_type} changes")
    salt = exploration.salt or (before.salt if before else first_salt or new_salt())
    wanted = replace(exploration, salt=salt)
    check_exploration(wanted)
    return wanted


def change_exploration(exploration: Exploration, *, reason: str, actor: str, now: datetime) -> Entry:
    """Set the exploration of an event type. A salt of "" keeps the present one, or draws a first one.

    Lanes follow from their next micro-batch on. Raises ExplorationInvalid, ExplorationUnchanged,
    ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    first_salt = new_salt()

    def build() -> list[Change]:
        before = exploration_of(exploration.event_type)
        wanted = check_change(exploration, before, reason=reason, first_salt=first_salt)
        if wanted == before:
            raise ExplorationUnchanged(wanted.event_type)
        return [Change("exploration.changed", {**wanted.as_data(), "reason": clean_reason(reason)})]

    return change_ruleset(build, actor=actor, now=now)[0]
