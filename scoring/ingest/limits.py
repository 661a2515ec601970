"""The number of rejected rows above which an import counts as failed."""

import re
from dataclasses import dataclass
from decimal import Decimal

from scoring.ingest.errors import InvalidMapping

_FORM = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(%?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class MaxRejected:
    """A number of rows, or a share of all rows in percent."""

    value: Decimal
    is_share: bool

    def allows(self, rejected: int, *, of: int) -> bool:
        """Whether `rejected` of `of` rows may be rejected."""
        return rejected <= (self.value * of / 100 if self.is_share else self.value)

    def __str__(self) -> str:
        return f"{self.value}{'%' if self.is_share else ''}"


def parse_max_rejected(given: str) -> MaxRejected:
    """`100` or `1%`. Raises InvalidMapping.

    >>> parse_max_rejected("1%").allows(10, of=1000), parse_max_rejected("0").allows(1, of=1000)
    (True, False)
    """
    match = _FORM.fullmatch(given.strip())
    if match is None or (match[2] and Decimal(match[1]) > 100) or (not match[2] and "." in match[1]):
        raise InvalidMapping([f"--max-rejected {given!r} is neither a number of rows nor a share such as 1%"])
    return MaxRejected(Decimal(match[1]), bool(match[2]))
