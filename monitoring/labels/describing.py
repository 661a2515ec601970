"""The delay of a source's labels in words."""

from datetime import datetime, timedelta
from typing import Final

from monitoring.models import LabelDelay
from scoring.admin_kit.formatting import decimal_text

LATE: Final = 1.2  # times the usual delay: labels that surely take longer than this are reported


def changed_on(found: LabelDelay) -> datetime:
    """From when on events are the recent ones."""
    return found.computed_at - timedelta(days=found.days)


def state_of(found: LabelDelay) -> tuple[str, str]:
    """(tone, word): later if the whole interval is above LATE, perhaps later if it is above 1."""
    if found.low > LATE:
        return "bad", "later"
    return ("warn", "perhaps later") if found.low > 1 else ("good", "as usual")


def delay_sentence(found: LabelDelay) -> str:
    """What is later, since when, and by how much."""
    return (
        f"Labels of {found.source} arrive later than usual: for events since {changed_on(found):%Y-%m-%d}"
        f" half of them came within {_days(found.median)}, for earlier events of the same ages within"
        f" {_days(found.usual_median)}. They take at least {decimal_text(found.low, 1)} times as long."
    )


def age_text(days: int) -> str:
    """ "1 day", "2 days"."""
    return f"{days} day" if days == 1 else f"{days} days"


def _days(days: float) -> str:
    return f"{decimal_text(days, 1)} days"
