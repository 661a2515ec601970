"""Number formats: decimal commas and thousands separators."""

import re
from dataclasses import dataclass

from scoring.catalog.errors import FieldError
from scoring.ingest.errors import InvalidMapping

_SPACES = " \u00a0\u202f\u2009"
_DIGITS_AND_SIGNS = re.compile(rf"[+-]?\d[\d.,'\u2019{_SPACES}]*")


@dataclass(frozen=True, slots=True)
class Numerals:
    """`decimal`: "." or ","; `thousands`: the separator of groups of three digits ("space": any blank).

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
        """The number with a decimal point and without groups; text that is not a number is unchanged.

        Raises FieldError for a number in another format: with decimal commas, 1.234 must not be read as a
        fraction.

        >>> Numerals(",", ".").read("1.234,56"), Numerals(",").read("3,5")
        ('1234.56', '3.5')
        """
        stripped = text.strip()
        match = self._pattern().fullmatch(stripped)
        if match is None:
            if _DIGITS_AND_SIGNS.fullmatch(stripped):
                raise FieldError(
                    f"is {stripped[:40]!r}, not a number with the decimal sign {self.decimal!r}",
                    self._allowed(),
                )
            return text
        whole = "".join(character for character in match["whole"] if character.isdigit() or character in "+-")
        return f"{whole}.{match['fraction']}" if match["fraction"] else whole

    def _allowed(self) -> str:
        groups = f" and {self.thousands!r} between thousands" if self.thousands else "; see --thousands"
        return f"digits, {self.decimal!r}{groups}"

    def _pattern(self) -> re.Pattern[str]:
        sign = f"[{_SPACES}]" if self.thousands == "space" else re.escape(self.thousands)
        groups = rf"\d{{1,3}}(?:{sign}\d{{3}})+|" if self.thousands else ""
        return re.compile(rf"(?P<whole>[+-]?(?:{groups}\d+))(?:{re.escape(self.decimal)}(?P<fraction>\d+))?")


PLAIN = Numerals()
