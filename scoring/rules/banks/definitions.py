"""The definition of a hash bank, and the fold of the entries that change it. Pure but for reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from scoring.log.entries import Entry
from scoring.rules.banks.models import DEFAULT_COMPARED_MATCH, DEFAULT_QUERY_MATCH, Bank
from scoring.rules.ruleset.stream import iter_changes

DEFINED, ARCHIVED = "bank.defined", "bank.archived"
ADDED, REMOVED = "bank.items_added", "bank.items_removed"

# Outcomes that a bank may ask for, the mildest first; an event type need not declare each of them.
_SEVERITY = ("label", "limit", "review", "block")


@dataclass(frozen=True, slots=True)
class BankDefinition:
    """What a bank matches and what a match means. `code` and `sentence` are the reason that a decision gives.

    `distance`: up to how many differing bits a hash matches; `min_quality`: the lowest quality of a hash that
    matches. `query_match_percent` and `compared_match_percent`: how many of a video's frames, and of a known
    video's frames, must match for the videos to match. `policy`: the policy that a match breaks, "" for none
    in particular.
    """

    name: str
    title: str
    description: str
    action: str
    distance: int
    min_quality: int
    code: str
    sentence: str
    policy: str = ""
    query_match_percent: int = DEFAULT_QUERY_MATCH
    compared_match_percent: int = DEFAULT_COMPARED_MATCH
    archived: bool = False

    def as_data(self) -> dict[str, Any]:
        """The data of its `bank.defined`."""
        return {name: getattr(self, name) for name in MEMBERS}


# What `bank.defined` has of it.
MEMBERS = tuple(each.name for each in fields(BankDefinition) if each.name != "archived")

BankDefinitions = Mapping[str, BankDefinition]


def outcome_asked(action: str, outcomes: Sequence[str]) -> str:
    """The outcome that a match of this action asks for, "" for a tag.

    Of an event type without such an outcome it is the mildest of the more severe ones that the type has.

    >>> outcome_asked("label", ("allow", "label", "review", "block"))
    'label'
    >>> outcome_asked("label", ("allow", "review", "limit", "block"))
    'review'
    """
    if action in outcomes or action not in _SEVERITY:
        return action if action in outcomes else ""
    severer = _SEVERITY[_SEVERITY.index(action) :]
    return min(set(severer) & set(outcomes), key=outcomes.index)


def bank_definition_of(data: Mapping[str, Any]) -> BankDefinition:
    """The definition in the data of a `bank.defined`; older ones have no shares of frames."""
    return BankDefinition(**{name: data[name] for name in MEMBERS if name in data})


def bank_definition_in(row: Bank) -> BankDefinition:
    """The definition in the row of a bank."""
    return BankDefinition(**{name: getattr(row, name) for name in MEMBERS}, archived=row.is_archived)


def fold_bank_definition(definitions: BankDefinitions, entry: Entry) -> BankDefinitions:
    """The definitions after `entry`; a bank that is defined again is restored."""
    name = entry.data.get("name", "")
    if entry.type == DEFINED:
        return {**definitions, name: bank_definition_of(entry.data)}
    if entry.type == ARCHIVED:
        return {**definitions, name: replace(definitions[name], archived=True)}
    return definitions


def open_banks(definitions: BankDefinitions) -> Iterator[BankDefinition]:
    """The banks that are not archived, in order of their names."""
    return (each for _, each in sorted(definitions.items()) if not each.archived)


def current_bank_definitions() -> BankDefinitions:
    """Every bank, archived ones too, by name."""
    return {row.name: bank_definition_in(row) for row in Bank.objects.order_by("name")}


def bank_definitions_as_of(version: int) -> BankDefinitions:
    """Every bank as of a version of the ruleset; from the table if none has changed since."""
    rows = list(Bank.objects.order_by("name"))
    if all(row.version <= version for row in rows):
        return {row.name: bank_definition_in(row) for row in rows}
    definitions: BankDefinitions = {}
    for entry in iter_changes(until=version, types=(DEFINED, ARCHIVED)):
        definitions = fold_bank_definition(definitions, entry)
    return definitions
