"""The exploration of an event type: the share of would-be blocks that is let through, and its caps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scoring.rules.exploration.errors import ExplorationInvalid, FieldProblem

MIN_SHARE, MAX_SHARE = 0.0001, 0.5  # a label counts 1/share times, so smaller shares teach noise
MAX_SALT = 40  # characters
MAX_AMOUNT = 10**15  # minor units; far from the limits of 64 bits


@dataclass(frozen=True, slots=True)
class Exploration:
    """Amounts are in minor units of the type's base currency. A share of 0 is off.

    `amount_cap`: no event of a larger amount is let through. `daily_cap`: no event that would raise the money
    let through on a day (UTC) above this is.
    """

    event_type: str
    share: float
    amount_cap: int
    daily_cap: int
    salt: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Exploration":
        """The settings in an `exploration.changed`."""
        return cls(
            data["event_type"], data["share"], data["amount_cap"], data["daily_cap"], salt=data["salt"]
        )

    @property
    def is_on(self) -> bool:
        return self.share > 0

    def as_data(self) -> dict[str, Any]:
        """As logged in `exploration.changed`."""
        return {
            "event_type": self.event_type,
            "share": self.share,
            "amount_cap": self.amount_cap,
            "daily_cap": self.daily_cap,
            "salt": self.salt,
        }


def check_exploration(exploration: Exploration) -> None:
    """Raises ExplorationInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(exploration)):
        raise ExplorationInvalid(exploration.event_type, problems)


def _problems(exploration: Exploration) -> Iterator[FieldProblem]:
    share, amount, daily = exploration.share, exploration.amount_cap, exploration.daily_cap
    if share and not MIN_SHARE <= share <= MAX_SHARE:
        allowed = f"0 (off) or {MIN_SHARE:.2%} to {MAX_SHARE:.0%}"
        yield "share", f"must be {allowed}, not {share:.4g}", allowed
    for name, cap in (("amount_cap", amount), ("daily_cap", daily)):
        lowest = 1 if share else 0
        if not lowest <= cap <= MAX_AMOUNT:
            allowed = f"{lowest} to {MAX_AMOUNT:,} minor units"
            yield name, f"must be {allowed}, not {cap:,}", allowed
    if 0 < daily < amount:
        allowed = f"at least the cap of one event, {amount:,}"
        yield "daily_cap", f"must be {allowed}, not {daily:,}", allowed
    if not 0 < len(exploration.salt) <= MAX_SALT:
        allowed = f"1 to {MAX_SALT} characters"
        yield "salt", f"must have {allowed}, not {len(exploration.salt)}", allowed
