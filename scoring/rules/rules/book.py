"""All rules as the first entries of the ruleset leave them: a pure fold, without a database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from scoring.rules.rules.rule import RuleName, RuleVersion
from scoring.rules.ruleset.life_cycle import DRAFT, LIVE
from scoring.timestamps import from_iso

Data = Mapping[str, Any]
EntityKey = tuple[str, str]  # a field, and the key of its value (32 hex digits)
VersionName = tuple[str, str, int]  # the event type, the rule's name, the version's number

NOTHING: Final[Mapping[EntityKey, datetime]] = {}


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A version that is evaluated on every event: it decides if `stage` is active, not if it is shadow.

    `suppressed`: until when the rule does not apply to an entity.
    """

    version: RuleVersion
    stage: str
    suppressed: Mapping[EntityKey, datetime] = field(default_factory=dict)


def is_suppressed(rule: LiveRule, keys: Mapping[str, str], now: datetime) -> bool:
    """Whether the rule does not apply at `now` to an event whose fields' values have these `keys`."""
    if not rule.suppressed:
        return False
    return any(now < rule.suppressed.get((name, key), now) for name, key in keys.items())


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every version of every rule, the stage of each, and the suppressions of each rule."""

    versions: Mapping[VersionName, RuleVersion] = field(default_factory=dict)
    stages: Mapping[VersionName, str] = field(default_factory=dict)
    suppressed: Mapping[RuleName, Mapping[EntityKey, datetime]] = field(default_factory=dict)

    def after(self, entry_type: str, data: Data) -> "RuleBook":
        """The rules after one more entry of the ruleset; unchanged by entries about anything else."""
        fold = _FOLDS.get(entry_type)
        return fold(self, data) if fold else self

    def live(self, event_type: str) -> tuple[LiveRule, ...]:
        """The active and shadow versions of an event type, by name and number."""
        names = sorted(name for name, stage in self.stages.items() if name[0] == event_type and stage in LIVE)
        return tuple(
            LiveRule(self.versions[name], self.stages[name], self.suppressed.get(name[:2], NOTHING))
            for name in names
        )


def _drafted(book: RuleBook, data: Data) -> RuleBook:
    version = RuleVersion.from_data(data)
    name = (*version.rule, version.number)
    return replace(book, versions={**book.versions, name: version}, stages={**book.stages, name: DRAFT})


def _staged(book: RuleBook, data: Data) -> RuleBook:
    name = (data["event_type"], data["name"], data["number"])
    return replace(book, stages={**book.stages, name: data["stage"]})


def _suppressed(book: RuleBook, data: Data) -> RuleBook:
    rule, entity = (data["event_type"], data["name"]), (data["field"], data["key"])
    entities = {**book.suppressed.get(rule, NOTHING), entity: from_iso(data["until"])}
    return replace(book, suppressed={**book.suppressed, rule: entities})


def _lifted(book: RuleBook, data: Data) -> RuleBook:
    rule, entity = (data["event_type"], data["name"]), (data["field"], data["key"])
    entities = {each: until for each, until in book.suppressed.get(rule, NOTHING).items() if each != entity}
    return replace(book, suppressed={**book.suppressed, rule: entities})


_FOLDS: Final[dict[str, Callable[[RuleBook, Data], RuleBook]]] = {
    "rule.drafted": _drafted,
    "rule.staged": _staged,
    "rule.suppressed": _suppressed,
    "rule.suppression_lifted": _lifted,
}
