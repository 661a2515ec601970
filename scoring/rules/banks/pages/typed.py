"""What people type into the form that adds hashes to a bank."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from scoring.catalog.errors import FieldError
from scoring.content.media.models import MediaItem
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.changing.uploads import items_of_upload
from scoring.rules.banks.errors import InvalidBankChange
from scoring.rules.banks.models import MAX_ITEMS, Bank
from scoring.rules.lists.errors import Problem
from scoring.rules.lists.pages.expiries import DEFAULT_DAYS, until_of


class TypedItems(NamedTuple):
    """The fields of the form. A line is a hash, and may have its quality after a comma or space.

    `media`: the id of an uploaded file, whose hashes are added if none are typed.
    """

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

    def items(self, bank: Bank, *, now: datetime) -> list[NewItem]:
        """The items that the lines give, or the uploaded file. Raises InvalidBankChange."""
        is_upload = bool(self.media.strip()) and not self.lines
        problems = [] if is_upload else list(_problems_of_count(len(self.lines)))
        until = None
        try:
            until = until_of(self.days, self.day, now=now)
        except FieldError as error:
            problems.append(Problem("end", error.problem, error.allowed))
        tags = tuple(self.tags.replace(",", " ").split())
        like = NewItem("", None, self.source, self.reason, until, tags, self.media.strip())
        items, more = self._of_upload(bank, like) if is_upload else self._of_lines(like)
        if problems or more:
            raise InvalidBankChange(bank.name, [*problems, *more])
        return items

    def _of_lines(self, like: NewItem) -> tuple[list[NewItem], list[Problem]]:
        items, problems = [], []
        for line, text in enumerate(self.lines, start=1):
            words = text.replace(",", " ").replace(";", " ").split()
            quality, problem = _quality_of(words[1:], line)
            problems += problem
            items.append(replace(like, hash=words[0], quality=quality))
        return items, problems

    def _of_upload(self, bank: Bank, like: NewItem) -> tuple[list[NewItem], list[Problem]]:
        upload = MediaItem.objects.filter(pk=like.media).first()
        if upload is None:
            return [], [Problem("uploaded file", f"{like.media[:70]!r} was not uploaded", "the id of a file")]
        items = items_of_upload(upload, like, min_quality=bank.min_quality)
        if items:
            return items, []
        allowed = f"a processed file with a quality of at least {bank.min_quality}, the minimum of this bank"
        return [], [Problem("uploaded file", "has no picture that is good enough", allowed)]


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
