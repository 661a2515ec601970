"""What people type into the form that adds hashes to a bank."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from scoring.catalog.errors import FieldError
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.errors import InvalidBankChange
from scoring.rules.banks.models import MAX_ITEMS
from scoring.rules.lists.errors import Problem
from scoring.rules.lists.pages.expiries import DEFAULT_DAYS, until_of


class TypedItems(NamedTuple):
    """The fields of the form. A line is a hash, and may have its quality after a comma or space."""

    hashes: str = ""
    reason: str = ""
    source: str = ""
    days: str = DEFAULT_DAYS
    day: str = ""
    tags: str = ""
    media: str = ""
    replace: bool = False

    @classmethod
    def of(cls, post: Mapping[str, str]) -> "TypedItems":
        texts = {name: post.get(name, "") for name in cls._fields if name != "replace"}
        return cls(**texts, replace=bool(post.get("replace")))

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.hashes.splitlines() if line.strip()]

    def items(self, bank: str, *, now: datetime) -> list[NewItem]:
        """The items that the lines give. Raises InvalidBankChange."""
        problems = list(_problems_of_count(len(self.lines)))
        until = None
        try:
            until = until_of(self.days, self.day, now=now)
        except FieldError as error:
            problems.append(Problem("end", error.problem, error.allowed))
        tags = tuple(self.tags.replace(",", " ").split())
        items = []
        for line, text in enumerate(self.lines, start=1):
            words = text.replace(",", " ").replace(";", " ").split()
            quality, problem = _quality_of(words[1:], line)
            problems += problem
            items.append(NewItem(words[0], quality, self.source, self.reason, until, tags, self.media))
        if problems:
            raise InvalidBankChange(bank, problems)
        return items


def _problems_of_count(lines: int) -> list[Problem]:
    if not lines:
        return [Problem("hashes", "are missing", "one hash a line")]
    if lines > MAX_ITEMS:
        return [Problem("hashes", f"have {lines:,} lines", f"at most {MAX_ITEMS:,}; import a file")]
    return []


def _quality_of(words: list[str], line: int) -> tuple[int | None, list[Problem]]:
    if not words:
        return None, []
    if len(words) == 1 and words[0].isascii() and words[0].isdigit() and len(words[0]) <= 3:
        return int(words[0]), []
    allowed = "a hash, and its quality from 0 to 100 if it is known"
    return None, [Problem(f"line {line}", f"has {' '.join(words)[:40]!r} after the hash", allowed)]
