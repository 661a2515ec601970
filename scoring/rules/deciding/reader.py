"""The ruleset of a process that decides: it follows the versions that claims name."""

from collections.abc import Sequence

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.banks.kinds import carries_media
from scoring.rules.banks.search.index import NO_BANKS, BankIndex
from scoring.rules.banks.search.loading import load_banks
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.live_rules import LiveRules, compile_rules
from scoring.rules.deciding.ruleset import EMPTY, Ruleset, fold_changes, follow, position_of
from scoring.rules.lists.index import NO_LISTS, ListIndex
from scoring.rules.lists.loading import load_index
from scoring.rules.policies.segments import LivePolicy, compile_policy
from scoring.rules.rules.book import LiveRule
from scoring.rules.ruleset.stream import current_version, iter_changes


class RulesetReader:
    """The ruleset with all listed values, in memory. Used by one thread.

    A later version is read as what changed since; rules are compiled again only if they changed. Hash banks
    are read when an event type whose events have files is first configured.
    """

    def __init__(self) -> None:
        self._position = 0  # of the entry that made the version
        self._forget()

    def _forget(self) -> None:
        self.ruleset: Ruleset = EMPTY
        self.lists: ListIndex = NO_LISTS
        self.banks: BankIndex | None = None
        self._compiled: dict[str, tuple[tuple[LiveRule, ...], LiveRules]] = {}
        self._policies: dict[str, LivePolicy | None] = {}
        self._configurations: dict[str, Configuration] = {}

    def open(self) -> None:
        """Read the present version. The memory of another database's ruleset is dropped."""
        version = self.ruleset.version
        stored = current_version()
        if version > stored or (version and position_of(version) != self._position):
            self._forget()
        self.move_to(stored)

    def move_to(self, version: int) -> None:
        """Hold this version of the ruleset."""
        if version == self.ruleset.version:
            return
        if version < self.ruleset.version:
            self._forget()
        position = position_of(version) if version else 0
        if not self.ruleset.version:
            ruleset, lists, banks = follow(EMPTY, version), load_index(version), None
        else:
            changes = list(iter_changes(after=self.ruleset.version, until=version))
            ruleset = fold_changes(self.ruleset, changes, version=version)
            lists = self.lists.after(changes)
            banks = None if self.banks is None else self.banks.after(changes)
        # All or nothing: what fails is read again.
        self.ruleset, self.lists, self.banks, self._position = ruleset, lists, banks, position
        self._configurations = {}

    def configuration(self, event_type: str) -> Configuration | None:
        """What is configured for an event type; None for an installation that has configured nothing."""
        if not self.ruleset.version:
            return None
        if event_type not in self._configurations:
            self._configurations[event_type] = self._configure(event_type)
        return self._configurations[event_type]

    def _configure(self, event_type: str) -> Configuration:
        ruleset, kind = self.ruleset, find_event_type(event_type)
        exploration = ruleset.explorations.get(event_type)
        return Configuration(
            version=ruleset.version,
            kind=kind,
            lists=self.lists,
            rules=self._rules(event_type),
            policy=self._policy(event_type),
            exploration=exploration if exploration and exploration.is_on else None,
            breaker=ruleset.breakers.settings_of(event_type),
            banks=self._banks(kind),
            rules_only=event_type in ruleset.rules_only,
        )

    def _banks(self, kind: type[EventType]) -> BankIndex:
        if not self.ruleset.banks or not carries_media(kind):
            return NO_BANKS
        if self.banks is None:
            self.banks = load_banks(self.ruleset.version)
        return self.banks

    def _policy(self, event_type: str) -> LivePolicy | None:
        policy = self.ruleset.policies.active(event_type)
        known = self._policies.get(event_type)
        if known is None or known.policy != policy:
            known = compile_policy(policy) if policy else None
            self._policies[event_type] = known
        return known

    def _rules(self, event_type: str) -> LiveRules:
        live = self.ruleset.rules.live(event_type)
        known, compiled = self._compiled.get(event_type, (None, None))
        if compiled is None or known != live:
            compiled = compile_rules(find_event_type(event_type), live)
            self._compiled[event_type] = live, compiled
        return compiled


reader = RulesetReader()


def warm_up_ruleset(event_types: Sequence[str]) -> int:
    """Read the ruleset and compile the rules of these event types; returns the version."""
    reader.open()
    for event_type in event_types:
        reader.configuration(event_type)
    return reader.ruleset.version
