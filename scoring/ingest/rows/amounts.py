"""Columns of amounts: each cell with its row's currency and the exchange rate at the event's time."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from scoring.catalog.currency import is_rounded
from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Money
from scoring.ingest.rows.cell_reader import Read
from scoring.ingest.rows.columns import ColumnParser, Problems
from scoring.ingest.values.currency_signs import without_currency
from scoring.timestamps import to_iso

# The exchange rate from a currency to the base currency at a time; None if unknown.
RateOf = Callable[[str, datetime], Decimal | None]

# Text, its type, the currency, and the rate where it is not the base currency. The text, not the number,
# is the key: 1, 1.0 and True are equal as numbers.
_Key = tuple[type, str, str, Decimal | None]
_POINT_ALONE = re.compile(r"[+-]?[\d.]+")
_GROUPED = re.compile(r"\d[,'\s]\d|\d,$")
_KINDS: Mapping[type, Callable[[str], Any]] = {str: str, int: int, float: float}


class AmountParser:
    """Parses the columns of one amount field. With `rounds`, extra decimals are rounded half to even."""

    def __init__(self, field: Money, read: Read, *, base: str, rate_of: RateOf, rounds: bool) -> None:
        self._field, self._read, self._base, self._rate_of = field, read, base, rate_of
        self._more = {"rounding": ROUND_HALF_EVEN} if rounds else {}
        self._parser = ColumnParser(self._parse)
        self._rounded: set[_Key] = set()

    def values(
        self, raw: Sequence[Any], currencies: Sequence[str | None], moments: Sequence[datetime | None]
    ) -> tuple[list[Any], Problems, int]:
        """Canonical amounts, the problems of the others, and the number of rounded amounts.

        None without a problem if the row has no valid currency or time, because those report their own
        problems.
        """
        problems: Problems = {}
        keys = [
            self._key(index, *cell, problems)
            for index, cell in enumerate(zip(raw, currencies, moments, strict=True))
        ]
        values, wrong = self._parser.values(keys)
        rounded = sum(key in self._rounded for key in keys) if self._rounded else 0
        return values, problems | wrong, rounded

    def _key(
        self, index: int, raw: Any, currency: str | None, moment: datetime | None, problems: Problems
    ) -> _Key | None:
        if raw is None or currency is None or moment is None:
            return None
        rate = None
        if currency != self._base:
            rate = self._rate_of(currency, moment)
            if rate is None:
                problems[index] = FieldError(
                    f"has no exchange rate from {currency} to {self._base} at {to_iso(moment)}",
                    "a rate valid from then or earlier (admin: Exchange rates)",
                )
                return None
        return type(raw), raw if isinstance(raw, str) else repr(raw), currency, rate

    def _parse(self, key: _Key) -> Any:
        kind, text, currency, rate = key
        given = _KINDS[kind](text) if kind in _KINDS else []
        raw = self._read(without_currency(given, currency) if isinstance(given, str) else given)
        if raw is None:
            return None
        rates = {} if rate is None else {currency: rate}
        try:
            amount = self._field.parse(raw, currency, self._base, rates, **self._more)
        except FieldError as error:
            raise FieldError(error.problem, f"{error.allowed}{_hint(raw, currency)}") from error
        if is_rounded(raw, currency):
            self._rounded.add(key)
        return amount


def _hint(raw: Any, currency: str) -> str:
    """The option that would make a refused amount valid."""
    if isinstance(raw, str) and not _POINT_ALONE.fullmatch(raw.strip()):
        return "; set the number format with --decimal and --thousands" if _GROUPED.search(raw) else ""
    is_number = isinstance(raw, (str, int, float, Decimal)) and not isinstance(raw, bool)
    return "; --round rounds half to even" if is_number and is_rounded(raw, currency) else ""
