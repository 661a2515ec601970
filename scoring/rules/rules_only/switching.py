"""Switches the models of an event type off and on; the only writer of `rules_only.changed`."""

from datetime import datetime

from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import scored_type
from scoring.log.entries import Entry
from scoring.registry.model_versions import champion_of
from scoring.rules.rules_only.errors import NoModelToSwitchOff, RulesOnlyUnchanged
from scoring.rules.rules_only.models import RulesOnlySwitch
from scoring.rules.rules_only.switch import CHANGED
from scoring.rules.ruleset.life_cycle import require_reason
from scoring.rules.ruleset.stream import Change, change_ruleset


def switched_on() -> list[RulesOnlySwitch]:
    """The switches of the event types that are decided by rules only, in their order."""
    return list(RulesOnlySwitch.objects.filter(on=True).order_by("event_type"))


def is_rules_only(event_type: str) -> bool:
    """Whether lists and rules alone decide an event type."""
    return RulesOnlySwitch.objects.filter(pk=event_type, on=True).exists()


def decide_by_rules_only(event_type: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """Have lists, rules and the failure policy's outcome decide an event type, without its models.

    Lanes follow from their next micro-batch on; decisions made so are final. Raises NoModelToSwitchOff,
    RulesOnlyUnchanged, ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    scored_type(event_type)
    if champion_of(event_type) is None:
        raise NoModelToSwitchOff(event_type)
    return _switch(event_type, on=True, reason=reason, actor=actor, now=now)


def decide_by_models(event_type: str, *, reason: str, actor: str, now: datetime) -> Entry:
    """Have the models of an event type decide again. Lanes follow from their next micro-batch on.

    Raises RulesOnlyUnchanged, ReasonRequired, UnknownEventType, EventTypeNotScored.
    """
    scored_type(event_type)
    return _switch(event_type, on=False, reason=reason, actor=actor, now=now)


def _switch(event_type: str, *, on: bool, reason: str, actor: str, now: datetime) -> Entry:
    require_reason(reason, f"the models of {event_type} are switched {'off' if on else 'on'}")

    def build() -> list[Change]:
        if is_rules_only(event_type) == on:
            raise RulesOnlyUnchanged(event_type, on=on)
        data = {"event_type": event_type, "on": on, "reason": clean_reason(reason)}
        return [Change(CHANGED, data)]

    return change_ruleset(build, actor=actor, now=now)[0]
