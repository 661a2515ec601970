"""How numbers, amounts, times and long names are written, the same on every page."""

from datetime import datetime, timedelta

from scoring.catalog.currency import format_minor

NO_VALUE = "-"
MAX_TITLE_LENGTH = 40  # characters of a name in the title of a page
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_STEPS = (
    (timedelta(minutes=1), timedelta(seconds=1), "s"),
    (timedelta(hours=1), timedelta(minutes=1), "min"),
    (timedelta(days=2), timedelta(hours=1), "h"),
    (timedelta(days=10_000), timedelta(days=1), "d"),
)


def count_text(value: float | None) -> str:
    """12345 is "12,345"."""
    return NO_VALUE if value is None else f"{value:,.0f}"


def decimal_text(value: float | None, digits: int = 3) -> str:
    """0.98765 is "0.988"."""
    return NO_VALUE if value is None else f"{value:,.{digits}f}"


def percent_text(share: float | None, digits: int = 1) -> str:
    """0.0123 is "1.2 %", with a no-break space; a positive share is never written as 0, and 0 has no sign."""
    if share is None:
        return NO_VALUE
    smallest = 10.0 ** -(digits + 2)
    if 0 < share < smallest / 2:
        return f"<{NO_BREAK_SPACE}{100 * smallest:.{digits}f}{NO_BREAK_SPACE}%"
    return f"{100 * share:z.{digits}f}{NO_BREAK_SPACE}%"


def signed_percent_text(difference: float) -> str:
    """A difference of shares: 0.0123 is "+1.2 %"; what rounds to 0 is "+0.0 %"."""
    return f"{100 * difference:+z.1f}{NO_BREAK_SPACE}%"


def money_text(minor: float | None, currency: str = "USD") -> str:
    """Minor units: 123456 is "1,234.56 USD"; from a million on without decimals."""
    if minor is None:
        return NO_VALUE
    text = format_minor(minor, currency)
    return text if abs(minor) < 100_000_000 else text.split(".")[0] + f" {currency}"


def duration_text(length: timedelta) -> str:
    """ "45 s", "3 min", "5 h", "12 d"."""
    for limit, size, unit in _STEPS:
        if length < limit:
            return f"{max(length, timedelta(0)) // size} {unit}"
    return f"{length.days} d"


def ago_text(moment: datetime | None, now: datetime) -> str:
    """ "3 min ago", "in 2 h"."""
    if moment is None:
        return NO_VALUE
    return f"{duration_text(now - moment)} ago" if moment <= now else f"in {duration_text(moment - now)}"


def shortened(text: str) -> str:
    """A name short enough for a page title: a long one loses its middle."""
    return text if len(text) <= MAX_TITLE_LENGTH else f"{text[: MAX_TITLE_LENGTH - 13]}...{text[-10:]}"
