"""The ruleset as its first entries leave it: a pure fold. It lacks listed values and the items of banks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from django.db import connection

from scoring.log.entries import Entry
from scoring.rules.banks import definitions as banks
from scoring.rules.banks.definitions import BankDefinitions, fold_bank_definition
from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.exploration.settings import Exploration
from scoring.rules.lists.definitions import ARCHIVED, DEFINED, Definitions, fold_definition
from scoring.rules.policies.book import PolicyBook
from scoring.rules.rules.book import RuleBook
from scoring.rules.rules_only.switch import CHANGED as RULES_ONLY_CHANGED
from scoring.rules.rules_only.switch import fold_rules_only
from scoring.rules.ruleset.stream import STREAM, iter_changes

# The types that are folded. Listed values and hashes come in many entries, and lists/ and banks/ read them.
FOLDED = (
    DEFINED,
    ARCHIVED,
    banks.DEFINED,
    banks.ARCHIVED,
    "rule.drafted",
    "rule.staged",
    "rule.suppressed",
    "rule.suppression_lifted",
    "policy.drafted",
    "policy.staged",
    "exploration.changed",
    "breaker.changed",
    "breaker.reset",
    RULES_ONLY_CHANGED,
)
KEPT = 64  # versions of the ruleset, for replay and backtests

_POSITION = "SELECT position FROM scoring_logentry WHERE stream = %s AND stream_version = %s"


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Everything that people have configured as of a version of the ruleset; version 0 is nothing.

    `explorations` by event type. `rules_only`: the event types whose models are switched off.
    """

    version: int = 0
    lists: Definitions = field(default_factory=dict)
    banks: BankDefinitions = field(default_factory=dict)
    rules: RuleBook = field(default_factory=RuleBook)
    policies: PolicyBook = field(default_factory=PolicyBook)
    explorations: Mapping[str, Exploration] = field(default_factory=dict)
    breakers: BreakerConfiguration = field(default_factory=BreakerConfiguration)
    rules_only: frozenset[str] = frozenset()

    def after(self, entry: Entry) -> "Ruleset":
        """The ruleset after its next entry."""
        version = entry.stream_version
        return Ruleset(
            version=version,
            lists=fold_definition(self.lists, entry),
            banks=fold_bank_definition(self.banks, entry),
            rules=self.rules.after(entry.type, entry.data),
            policies=self.policies.after(entry.type, entry.data),
            explorations=_fold_exploration(self.explorations, entry),
            breakers=self.breakers.after(entry.type, entry.data, ruleset=version),
            rules_only=fold_rules_only(self.rules_only, entry.type, entry.data),
        )


EMPTY = Ruleset()


def fold_changes(ruleset: Ruleset, changes: Iterable[Entry], *, version: int) -> Ruleset:
    """The ruleset at `version`, to which these changes lead; some of them may be missing if of no matter."""
    for entry in changes:
        ruleset = ruleset.after(entry)
    breakers = replace(ruleset.breakers, ruleset=version)
    return replace(ruleset, version=version, breakers=breakers)


def ruleset_at(version: int) -> Ruleset:
    """The ruleset as of a version, from the log; versions that were asked for are kept."""
    return _ruleset_at(version, position_of(version)) if version else EMPTY


def position_of(version: int) -> int:
    """The position of the entry that made a version: it tells the rulesets of two databases apart.

    Raises LookupError for a version that does not exist.
    """
    with connection.cursor() as cursor:
        cursor.execute(_POSITION, [STREAM, version])
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"the ruleset has no version {version}")
    return int(row[0])


def follow(ruleset: Ruleset, version: int) -> Ruleset:
    """A later version of the ruleset, from the changes in between."""
    changes = iter_changes(after=ruleset.version, until=version, types=FOLDED)
    return fold_changes(ruleset, changes, version=version)


@lru_cache(maxsize=KEPT)
def _ruleset_at(version: int, position: int) -> Ruleset:
    return follow(EMPTY, version)


def _fold_exploration(explorations: Mapping[str, Exploration], entry: Entry) -> Mapping[str, Exploration]:
    if entry.type != "exploration.changed":
        return explorations
    exploration = Exploration.of(entry.data)
    return {**explorations, exploration.event_type: exploration}
