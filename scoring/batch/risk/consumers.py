"""The consumer that keeps the table of risk profiles."""

from collections.abc import Sequence
from datetime import datetime

from scoring.batch.risk.models import RiskProfile
from scoring.log.consumers.registry import Consumer, register
from scoring.log.entries import Entry


def follow_risks(entries: Sequence[Entry], *, now: datetime) -> None:
    """Write the profiles of each published version of a risk view."""
    from scoring.batch.risk.profiles import write_profiles  # noqa: PLC0415 (pyarrow, which web pages lack)

    write_profiles(entries)


def forget_profiles() -> None:
    """Delete all profiles before the versions are read again."""
    RiskProfile.objects.all().delete()


PROFILES = register(
    Consumer(
        name="scoring.risk_profiles",
        types=frozenset({"batch.published"}),
        handle=follow_risks,
        reset=forget_profiles,
    )
)
