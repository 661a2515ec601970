"""Define, edit, restore and archive hash banks."""

from datetime import datetime

from scoring.catalog.errors import FieldError
from scoring.log.entries import Entry
from scoring.rules.banks.definitions import ARCHIVED, DEFINED, BankDefinition, bank_definition_in
from scoring.rules.banks.errors import BankArchived, InvalidBankChange, UnknownBank
from scoring.rules.banks.kinds import known_policies
from scoring.rules.banks.models import DEFAULT_COMPARED_MATCH, DEFAULT_QUERY_MATCH, Bank
from scoring.rules.lists.changing.defining import MAX_SENTENCE_LENGTH, problems_of_texts
from scoring.rules.lists.changing.values import clean_reason
from scoring.rules.lists.errors import Problem
from scoring.rules.ruleset.stream import Change, change_ruleset

DEFAULT_DISTANCE, MAX_DISTANCE = 31, 63
DEFAULT_MIN_QUALITY, MAX_MIN_QUALITY = 50, 100

_SAYS = {"block": "is banned", "review": "is watched", "limit": "is limited", "label": "is labeled"}


def define_bank(
    *,
    name: str,
    title: str,
    action: str,
    actor: str,
    now: datetime,
    distance: int = DEFAULT_DISTANCE,
    min_quality: int = DEFAULT_MIN_QUALITY,
    query_match_percent: int = DEFAULT_QUERY_MATCH,
    compared_match_percent: int = DEFAULT_COMPARED_MATCH,
    description: str = "",
    code: str = "",
    sentence: str = "",
    policy: str = "",
    is_new: bool = False,
) -> BankDefinition:
    """Define a bank, edit one of this name, or restore it if it is archived. Returns its definition.

    `code` and `sentence` are the reason that a decision gives for a match; empty ones are made from name and
    title. Raises InvalidBankChange with every problem; with `is_new`, also if the name is taken.
    """
    definition = drafted_bank(
        name=name,
        title=title,
        action=action,
        distance=distance,
        min_quality=min_quality,
        query_match_percent=query_match_percent,
        compared_match_percent=compared_match_percent,
        description=description,
        code=code,
        sentence=sentence,
        policy=policy,
    )

    def build() -> list[Change]:
        row = Bank.objects.filter(name=name).first()
        check_bank(definition, taken_by=row if is_new else None)
        unchanged = row is not None and bank_definition_in(row) == definition
        return [] if unchanged else [Change(DEFINED, definition.as_data())]

    change_ruleset(build, actor=actor, now=now)
    return definition


def drafted_bank(
    *,
    name: str,
    title: str,
    action: str,
    distance: int = DEFAULT_DISTANCE,
    min_quality: int = DEFAULT_MIN_QUALITY,
    query_match_percent: int = DEFAULT_QUERY_MATCH,
    compared_match_percent: int = DEFAULT_COMPARED_MATCH,
    description: str = "",
    code: str = "",
    sentence: str = "",
    policy: str = "",
) -> BankDefinition:
    """The definition that `define_bank` stores, with its texts and reason in stored form. Not checked."""
    return BankDefinition(
        name=name,
        title=" ".join(title.split()),
        description=" ".join(description.split()),
        action=action,
        distance=distance,
        min_quality=min_quality,
        query_match_percent=query_match_percent,
        compared_match_percent=compared_match_percent,
        code=code or f"BANK_{name.upper()}",
        sentence=" ".join(sentence.split()) or _default_sentence(title, action),
        policy=policy,
    )


def check_bank(definition: BankDefinition, *, taken_by: Bank | None = None) -> None:
    """Raises InvalidBankChange with every problem. `taken_by`: a bank that already has the name."""
    problems = _problems_of(definition)
    if taken_by is not None:
        taken = f"{definition.name!r} is taken by the bank {taken_by.title!r}"
        problems.append(Problem("name", taken, "another name"))
    if problems:
        raise InvalidBankChange(definition.name, problems)


def archive_bank(*, name: str, reason: str, actor: str, now: datetime) -> Entry:
    """Archive a bank: it keeps its items and matches nothing, until it is defined again.

    Raises UnknownBank, BankArchived, and InvalidBankChange without a reason.
    """

    def build() -> list[Change]:
        find_open_bank(name)
        return [Change(ARCHIVED, {"name": name, "reason": required_bank_reason(name, reason)})]

    return change_ruleset(build, actor=actor, now=now)[0]


def restore_bank(*, name: str, actor: str, now: datetime) -> None:
    """Let an archived bank match again, as it was defined last. Raises UnknownBank."""

    def build() -> list[Change]:
        row = find_bank(name)
        return [Change(DEFINED, bank_definition_in(row).as_data())] if row.is_archived else []

    change_ruleset(build, actor=actor, now=now)


def find_bank(name: str) -> Bank:
    """The bank of this name. Raises UnknownBank."""
    row = Bank.objects.filter(name=name).first()
    if row is None:
        raise UnknownBank(name, list(Bank.objects.order_by("name").values_list("name", flat=True)))
    return row


def find_open_bank(name: str) -> BankDefinition:
    """The definition of a bank that is not archived. Raises UnknownBank, BankArchived."""
    row = find_bank(name)
    if row.is_archived:
        raise BankArchived(name)
    return bank_definition_in(row)


def required_bank_reason(name: str, reason: str) -> str:
    """The reason of a change in stored form. Raises InvalidBankChange."""
    try:
        return clean_reason(reason)
    except FieldError as error:
        raise InvalidBankChange(name, [Problem("reason", error.problem, error.allowed)]) from None


def _default_sentence(title: str, action: str) -> str:
    says = _SAYS.get(action, "is known")
    return f"A picture or video like this one {says}: {' '.join(title.split())}"[:MAX_SENTENCE_LENGTH]


def _problems_of(definition: BankDefinition) -> list[Problem]:
    problems = list(problems_of_texts(definition, of="bank"))
    if definition.policy and definition.policy not in known_policies():
        allowed = list(known_policies()) or "none: no event type with files has policies"
        problems.append(Problem("policy", f"{definition.policy[:60]!r} is not a policy", allowed))
    actions = Bank.Action.values
    if definition.action not in actions:
        problems.append(Problem("action", f"{definition.action!r} is not an action", actions))
    return problems + list(_problems_of_numbers(definition))


def _problems_of_numbers(definition: BankDefinition) -> list[Problem]:
    return [
        Problem(field, f"is {value}", f"a whole number from 0 to {most}")
        for field, value, most in (
            ("distance", definition.distance, MAX_DISTANCE),
            ("min_quality", definition.min_quality, MAX_MIN_QUALITY),
            ("query_match_percent", definition.query_match_percent, 100),
            ("compared_match_percent", definition.compared_match_percent, 100),
        )
        if not 0 <= value <= most
    ]
