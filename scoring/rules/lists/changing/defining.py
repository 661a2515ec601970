"""Define, edit, restore and archive lists."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.characters import clean_name
from scoring.log.entries import Entry
from scoring.rules.lists.changing.values import clean_reason
from scoring.rules.lists.definitions import ARCHIVED, DEFINED, ListDefinition, definition_in
from scoring.rules.lists.errors import InvalidListChange, ListArchived, Problem, UnknownList
from scoring.rules.lists.kinds import ListedKind, listed_kinds
from scoring.rules.lists.models import ListedValue, ValueList
from scoring.rules.ruleset.stream import Change, change_ruleset

MAX_TITLE_LENGTH, MAX_DESCRIPTION_LENGTH, MAX_SENTENCE_LENGTH = 120, 500, 200
RESERVED_NAMES = frozenset({"new", "imports"})  # addresses of pages

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
NAME_ALLOWED = "1 to 60 of a to z, 0 to 9 and _, beginning with a letter"
CODE = re.compile(r"[A-Z][A-Z0-9_]{0,79}")
CODE_ALLOWED = "1 to 80 of A to Z, 0 to 9 and _, beginning with a letter"
_SAYS = {"allow": "is trusted", "block": "is blocked", "watch": "is watched", "tag": "is marked"}


def define_list(
    *,
    name: str,
    title: str,
    action: str,
    kind: str,
    actor: str,
    now: datetime,
    match: str = "value",
    description: str = "",
    code: str = "",
    sentence: str = "",
    is_new: bool = False,
) -> ListDefinition:
    """Define a list, edit one of this name, or restore it if it is archived. Returns its definition.

    `code` and `sentence` are the reason that a decision gives for a hit; empty ones are made from the title.
    Raises InvalidListChange with every problem; with `is_new`, also if the name is taken. A list that has had
    values keeps its kind and match.
    """
    definition = drafted_definition(
        name=name,
        title=title,
        action=action,
        kind=kind,
        match=match,
        description=description,
        code=code,
        sentence=sentence,
    )

    def build() -> list[Change]:
        row = ValueList.objects.filter(name=name).first()
        check_definition(definition, row, is_new=is_new)
        unchanged = row is not None and definition_in(row) == definition
        return [] if unchanged else [Change(DEFINED, definition.as_data())]

    change_ruleset(build, actor=actor, now=now)
    return definition


def drafted_definition(
    *,
    name: str,
    title: str,
    action: str,
    kind: str,
    match: str = "value",
    description: str = "",
    code: str = "",
    sentence: str = "",
) -> ListDefinition:
    """A definition in stored form, not yet checked."""
    return ListDefinition(
        name=name,
        title=" ".join(title.split()),
        description=" ".join(description.split()),
        action=action,
        kind=kind,
        match=match,
        code=code or f"LIST_{name.upper()}",
        sentence=" ".join(sentence.split()) or _default_sentence(title, action, kind),
    )


def check_definition(definition: ListDefinition, row: ValueList | None, *, is_new: bool = False) -> None:
    """Raises InvalidListChange with every problem. `row`: the list of this name, if there is one."""
    problems = [*_problems_of(definition), *_problems_with_existing(definition, row, is_new=is_new)]
    if problems:
        raise InvalidListChange(definition.name, problems)


def archive_list(*, name: str, reason: str, actor: str, now: datetime) -> Entry:
    """Archive a list: it keeps its values and hits nothing, until it is defined again.

    Raises UnknownList, ListArchived, and InvalidListChange without a reason.
    """

    def build() -> list[Change]:
        find_open_list(name)
        return [Change(ARCHIVED, {"name": name, "reason": required_reason(name, reason)})]

    return change_ruleset(build, actor=actor, now=now)[0]


def restore_list(*, name: str, actor: str, now: datetime) -> None:
    """Let an archived list hit again, as it was defined last. Raises UnknownList."""

    def build() -> list[Change]:
        row = find_list(name)
        return [Change(DEFINED, definition_in(row).as_data())] if row.is_archived else []

    change_ruleset(build, actor=actor, now=now)


def find_list(name: str) -> ValueList:
    """The list of this name. Raises UnknownList."""
    row = ValueList.objects.filter(name=name).first()
    if row is None:
        raise UnknownList(name, list(ValueList.objects.order_by("name").values_list("name", flat=True)))
    return row


def find_open_list(name: str) -> ListDefinition:
    """The definition of a list that is not archived. Raises UnknownList, ListArchived."""
    row = find_list(name)
    if row.is_archived:
        raise ListArchived(name)
    return definition_in(row)


def required_reason(name: str, reason: str) -> str:
    """The reason of a change in stored form. Raises InvalidListChange."""
    try:
        return clean_reason(reason)
    except FieldError as error:
        raise InvalidListChange(name, [Problem("reason", error.problem, error.allowed)]) from None


class Described(Protocol):
    """A definition of lists or hash banks: its name, and the texts that people wrote for it."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def sentence(self) -> str: ...


def problems_of_texts(definition: Described, *, of: str) -> Iterator[Problem]:
    """What is wrong with the name, texts and reason code of a definition. `of`: what it defines."""
    if not NAME.fullmatch(definition.name) or definition.name in RESERVED_NAMES:
        yield Problem("name", f"{definition.name[:60]!r} is not a name for a {of}", NAME_ALLOWED)
    for field, text, most in (
        ("title", definition.title, MAX_TITLE_LENGTH),
        ("sentence", definition.sentence, MAX_SENTENCE_LENGTH),
    ):
        try:
            clean_name(text, most)
        except FieldError as error:
            yield Problem(field, error.problem, error.allowed)
    if len(definition.description) > MAX_DESCRIPTION_LENGTH:
        limit = f"{MAX_DESCRIPTION_LENGTH} characters"
        yield Problem("description", f"is longer than {limit}", f"at most {limit}")
    if not CODE.fullmatch(definition.code):
        yield Problem("code", f"{definition.code[:80]!r} is not a reason code", CODE_ALLOWED)


def _default_sentence(title: str, action: str, kind: str) -> str:
    known = listed_kinds().get(kind)
    subject = known.words if known else kind
    return f"The {subject} {_SAYS.get(action, 'is listed')}: {' '.join(title.split())}"[:MAX_SENTENCE_LENGTH]


def _problems_of(definition: ListDefinition) -> list[Problem]:
    problems = list(problems_of_texts(definition, of="list"))
    actions = ValueList.Action.values
    if definition.action not in actions:
        problems.append(Problem("action", f"{definition.action!r} is not an action", actions))
    return problems + _problems_of_kind(definition, listed_kinds().get(definition.kind))


def _problems_of_kind(definition: ListDefinition, kind: ListedKind | None) -> list[Problem]:
    if kind is None:
        return [Problem("kind", f"{definition.kind!r} is not a kind of values", list(listed_kinds()))]
    if definition.match not in kind.matches:
        problem = f"{definition.match!r} does not fit {kind.words}"
        return [Problem("match", problem, [str(match) for match in kind.matches])]
    return []


def _problems_with_existing(
    definition: ListDefinition, row: ValueList | None, *, is_new: bool
) -> list[Problem]:
    if row is None:
        return []
    if is_new:
        return [Problem("name", f"{row.name!r} is taken by the list {row.title!r}", "another name")]
    changed = [
        (field, stored)
        for field, stored, given in (
            ("kind", row.kind, definition.kind),
            ("match", row.match, definition.match),
        )
        if stored != given
    ]
    if changed and ListedValue.objects.filter(list_name=row.name).exists():
        problem = "cannot change, because the list has had values"
        return [Problem(field, problem, stored) for field, stored in changed]
    return []
