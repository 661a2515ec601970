"""The section `banks`: definitions of hash banks, without their hashes."""

from scoring.configuration.sections.section import (
    TEXT,
    WHOLE,
    Applying,
    Data,
    Items,
    Key,
    check_members,
    invalid_at,
    without_defaults,
)
from scoring.rules.banks.changing.defining import (
    DEFAULT_DISTANCE,
    DEFAULT_MIN_QUALITY,
    archive_bank,
    define_bank,
)
from scoring.rules.banks.definitions import current_bank_definitions, open_banks
from scoring.rules.banks.errors import InvalidBankChange

KINDS = {
    **dict.fromkeys(("title", "action"), TEXT),
    **dict.fromkeys(("distance", "min_quality"), WHOLE),
    **dict.fromkeys(("policy", "code", "sentence", "description"), TEXT),
}
REQUIRED = ("title", "action")
DEFAULTS = {
    "distance": DEFAULT_DISTANCE,
    "min_quality": DEFAULT_MIN_QUALITY,
    "policy": "",
    "description": "",
}


class BanksSection:
    """Archived banks are not part of a configuration; one that a file names is restored."""

    name, depth = "banks", 1

    def export(self, *, requests: bool = False) -> Items:
        return {
            (definition.name,): without_defaults(
                {member: getattr(definition, member) for member in KINDS},
                {**DEFAULTS, "code": f"BANK_{definition.name.upper()}"},
            )
            for definition in open_banks(current_bank_definitions())
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        members = check_members(data, KINDS, required=REQUIRED)
        given = {name: value for name, value in members.items() if value is not None}
        try:
            define_bank(name=key[0], actor=applying.actor, now=applying.now, **given)
        except InvalidBankChange as error:
            raise invalid_at((), error.problems) from error

    def remove(self, key: Key, applying: Applying) -> None:
        archive_bank(name=key[0], reason=applying.reason, actor=applying.actor, now=applying.now)
