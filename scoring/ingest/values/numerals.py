"""Numbers in text with a decimal comma, or with signs between the thousands."""

import re
from dataclasses import dataclass

from scoring.catalog.errors import FieldError
from scoring.ingest.errors import InvalidMapping

_SPACES = " \u00a0\u202f\u2009"
_DIGITS_AND_SIGNS = re.compile(rf"[+-]?\d[\d.,'\u2019{_SPACES}]*")


@dataclass(frozen=True, slots=True)
class Numerals:
    """`decimal`: "." or ","; `thousands`: what stands between groups of three digits ("space": any blank).

    Raises InvalidMapping.
    """

    decimal: str = "."
    thousands: str = ""

    def __post_init__(self) -> None:
        if self.decimal not in (".", ","):
            raise InvalidMapping([f"--decimal {self.decimal!r} is neither . nor ,"])
        if self.thousands not in ("", ",", ".", "'", "space"):
            raise InvalidMapping([f"--thousands {self.thousands!r} is not one of , . ' or space"])
        if self.thousands == self.decimal:
            raise InvalidMapping([f"--thousands and --decimal are both {self.decimal!r}"])

    @property
    def are_plain(self) -> bool:
        return self == PLAIN

    def read(self, text: str) -> str:
        """The number with a point and without groups; what is no number at all as it is.

        Raises FieldError for a number of another kind: 1.234 must not pass for a fraction where commas are.

        >>> Numerals(",", ".").read("1.234,56"), Numerals(",").read("3,5")
        ('1234.56', '3.5')
        """
        stripped = text.strip()
        match = self._pattern().fullmatch(stripped)
        if match is None:
            if _DIGITS_AND_SIGNS.fullmatch(stripped):
                raise FieldError(
                    f"is {stripped[:40]!r}, no number with the decimal sign {self.decimal!r}", self._allowed()
                )
            return text
        whole = "".join(character for character in match["whole"] if character.isdigit() or character in "+-")
        return f"{whole}.{match['fraction']}" if match["fraction"] else whole

    def _allowed(self) -> str:
        groups = (
            f" and {self.thousands!r} between thousands" if self.thousands else "; --thousands names another"
        )
        return f"digits, {self.decimal!r}{groups}"

    def _pattern(self) -> re.Pattern[str]:
        sign = f"[{_SPACES}]" if self.thousands == "space" else re.escape(self.thousands)
        groups = rf"\d{{1,3}}(?:{sign}\d{{3}})+|" if self.thousands else ""
        return re.compile(rf"(?P<whole>[+-]?(?:{groups}\d+))(?:{re.escape(self.decimal)}(?P<fraction>\d+))?")


PLAIN = Numerals()
