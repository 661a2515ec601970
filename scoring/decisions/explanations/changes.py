"""The changes of the ruleset that a decision rests on: who wrote and who activated what it names."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scoring.log.entries import Entry
from scoring.log.read import read_versions
from scoring.rules.rules_only.switch import CHANGED, RULES_ONLY
from scoring.rules.ruleset.stream import STREAM, iter_changes

Data = Mapping[str, Any]
Key = tuple[Any, ...]

# What tells the changes of one thing from those of another of its type.
_KEYS = {
    "rule.drafted": ("event_type", "name", "number"),
    "rule.staged": ("event_type", "name", "number"),
    "policy.drafted": ("event_type", "number"),
    "policy.staged": ("event_type", "number"),
    "list.defined": ("name",),
    "bank.defined": ("name",),
    "exploration.changed": ("event_type",),
    "breaker.changed": ("event_type",),
    CHANGED: ("event_type",),
}
ADDED = {"list": "list.values_added", "bank": "bank.items_added"}  # by the kind of the finding


class RulesetChanges:
    """The latest change of each thing that a decision names, as of its version of the ruleset."""

    def __init__(self, decision: Data) -> None:
        self._decision = decision
        wanted = set(_keys_in(decision))
        types = sorted({each for each, *_ in wanted})
        version = decision.get("ruleset") or 0
        self._found: dict[Key, Entry] = {}
        for entry in iter_changes(until=version, types=types) if types and version else ():
            key = (entry.type, *(entry.data.get(name) for name in _KEYS[entry.type]))
            if key in wanted:
                self._found[key] = entry
        self._listed = dict(_listed_values(decision, version))

    @property
    def entries(self) -> list[Entry]:
        """Every change found, in the order of the ruleset."""
        found = {each.stream_version: each for each in (*self._found.values(), *self._listed.values())}
        return [found[version] for version in sorted(found)]

    def rule(self, name: str, number: int) -> tuple[Entry | None, Entry | None]:
        """The drafting of a version of a rule, and its last change of stage."""
        key = (self._decision["event_type"], name, number)
        return self._found.get(("rule.drafted", *key)), self._found.get(("rule.staged", *key))

    def policy(self, number: int) -> tuple[Entry | None, Entry | None]:
        """The drafting of a version of the policy, and its last change of stage."""
        key = (self._decision["event_type"], number)
        return self._found.get(("policy.drafted", *key)), self._found.get(("policy.staged", *key))

    def held(self, kind: str, name: str, number: int) -> tuple[Entry | None, Entry | None]:
        """The definition of a list or bank (its `kind`), and the change that added the value or hash."""
        return self._found.get((f"{kind}.defined", name)), self._listed.get(number)


def _keys_in(decision: Data) -> Iterator[Key]:
    kind = decision["event_type"]
    for finding in decision.get("findings", ()):
        if finding["kind"] in ADDED:
            yield f"{finding['kind']}.defined", finding["name"]
        else:
            yield "rule.drafted", kind, finding["name"], finding["number"]
            yield "rule.staged", kind, finding["name"], finding["number"]
    if policy := decision.get("policy"):
        yield "policy.drafted", kind, policy["number"]
        yield "policy.staged", kind, policy["number"]
    if decision.get("cause") == RULES_ONLY:
        yield CHANGED, kind
    for name in ("exploration", "breaker"):
        if decision.get(name):
            yield f"{name}.changed", kind


def _listed_values(decision: Data, version: int) -> Iterator[tuple[int, Entry]]:
    """The changes that added the values and hashes that were hit."""
    findings: Sequence[Data] = decision.get("findings", ())
    for number in sorted({each["number"] for each in findings if each["kind"] in ADDED}):
        if number <= version:
            for entry in read_versions(STREAM, after=number - 1, until=number, types=list(ADDED.values())):
                yield number, entry
