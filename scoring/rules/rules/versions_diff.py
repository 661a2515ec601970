"""What differs between two versions of a rule: word by word in the expression, and field by field."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

from scoring.rules.rules.rule import RuleVersion

_PARTS = re.compile(r"\s+|\w+(?:\.\w+)*|&&|\|\||[<>=!]=|.", re.DOTALL)
# The fields that are compared as a whole, in the order of the editor.
COMPARED: Final = ("outcome", "code", "sentence", "description", "share", "unit", "overrides_lists")


class DiffPart(NamedTuple):
    """A stretch of the expression: in both versions, only in the earlier or only in the later one."""

    change: Literal["same", "removed", "added"]
    text: str


class ChangedField(NamedTuple):
    """A field that differs."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class VersionsDiff:
    """The differences from one version to another; `expression` is all of it, in order."""

    before: RuleVersion
    after: RuleVersion
    expression: tuple[DiffPart, ...]
    fields: tuple[ChangedField, ...]

    @property
    def expression_differs(self) -> bool:
        return any(part.change != "same" for part in self.expression)


def compare_versions(before: RuleVersion, after: RuleVersion) -> VersionsDiff:
    """The differences from `before` to `after`."""
    return VersionsDiff(
        before,
        after,
        tuple(compare_expressions(before.expression, after.expression)),
        tuple(
            ChangedField(name, getattr(before, name), getattr(after, name))
            for name in COMPARED
            if getattr(before, name) != getattr(after, name)
        ),
    )


def compare_expressions(before: str, after: str) -> Iterator[DiffPart]:
    """The parts of two texts in order: what was removed, then what was added in its place."""
    old, new = _PARTS.findall(before), _PARTS.findall(after)
    for tag, low, high, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield DiffPart("same", "".join(old[low:high]))
            continue
        if high > low:
            yield DiffPart("removed", "".join(old[low:high]))
        if end > start:
            yield DiffPart("added", "".join(new[start:end]))
