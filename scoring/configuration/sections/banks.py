"""The section `banks`: definitions of hash banks, without their hashes."""

from dataclasses import replace
from typing import Any

from scoring.configuration.sections.section import (
    TEXT,
    WHOLE,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.rules.banks.changing.defining import (
    DEFAULT_DISTANCE,
    DEFAULT_MIN_QUALITY,
    archive_bank,
    check_bank,
    define_bank,
    drafted_bank,
    required_bank_reason,
)
from scoring.rules.banks.definitions import BankDefinition, current_bank_definitions, open_banks
from scoring.rules.banks.errors import InvalidBankChange
from scoring.rules.banks.models import DEFAULT_COMPARED_MATCH, DEFAULT_QUERY_MATCH

KINDS = {
    **dict.fromkeys(("title", "action"), TEXT),
    **dict.fromkeys(("distance", "min_quality", "query_match_percent", "compared_match_percent"), WHOLE),
    **dict.fromkeys(("policy", "code", "sentence", "description"), TEXT),
}
REQUIRED = ("title", "action")
DEFAULTS = {
    "distance": DEFAULT_DISTANCE,
    "min_quality": DEFAULT_MIN_QUALITY,
    "query_match_percent": DEFAULT_QUERY_MATCH,
    "compared_match_percent": DEFAULT_COMPARED_MATCH,
    "policy": "",
    "description": "",
}


class BanksSection:
    """Archived banks are not part of a configuration; one that a file names is restored."""

    name, title, depth = "banks", "Hash banks", 1
    approval = ""

    def export(self, *, requests: bool = False) -> Items:
        return {
            (definition.name,): _exported(definition) for definition in open_banks(current_bank_definitions())
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        given = _members(data)
        try:
            define_bank(name=key[0], actor=applying.actor, now=applying.now, **given)
        except InvalidBankChange as error:
            raise invalid_at((), error.problems) from error

    def remove(self, key: Key, applying: Applying) -> None:
        archive_bank(name=key[0], reason=applying.reason, actor=applying.actor, now=applying.now)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        definition = drafted_bank(name=key[0], **_members(data))
        try:
            check_bank(definition)
        except InvalidBankChange as error:
            raise invalid_at((), error.problems) from error
        planning.banks[key[0]] = definition
        return _exported(definition)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        required_bank_reason(key[0], planning.reason)
        planning.banks[key[0]] = replace(planning.banks[key[0]], archived=True)
        return None


def _members(data: Data) -> dict[str, Any]:
    members = check_members(data, KINDS, required=REQUIRED)
    return {name: value for name, value in members.items() if value is not None}


def _exported(definition: BankDefinition) -> Item:
    defaults = {**DEFAULTS, "code": f"BANK_{definition.name.upper()}"}
    return without_defaults({member: getattr(definition, member) for member in KINDS}, defaults)
