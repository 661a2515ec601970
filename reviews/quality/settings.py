"""The quality checks of an event type's reviews as data: second reviews and golden items."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from reviews.quality.errors import QualityInvalid
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.configuration.type_settings.rows import check_names, check_range, rows_of

SECOND, GOLDEN = "second_reviews", "golden_items"
MAX_SHARES: Final = {SECOND: 1.0, GOLDEN: 0.2}


@dataclass(frozen=True, slots=True)
class CheckShare:
    """How often reviews of a type are checked in one way.

    | name | `share` of |
    |---|---|
    | SECOND | decided cases that another reviewer decides again |
    | GOLDEN | claims of the next case that give a golden item instead |
    """

    name: str
    share: float = 0.0


DEFAULT_CHECKS: Final = (CheckShare(SECOND), CheckShare(GOLDEN))
NAMES: Final = tuple(each.name for each in DEFAULT_CHECKS)


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """The quality checks of an event type; without any until they are switched on.

    `golden_from_agreed`: cases on which two reviewers agreed are golden items, beside those that leads chose.
    `tell_missed`: reviewers are told after their verdict that they missed a golden item.
    """

    golden_from_agreed: bool = True
    tell_missed: bool = False
    checks: tuple[CheckShare, ...] = DEFAULT_CHECKS

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "QualitySettings":
        """The settings in a `review_quality.changed`; what is newer than it has its defaults."""
        checks = rows_of(data["checks"], DEFAULT_CHECKS, key="name")
        return cls(data["golden_from_agreed"], data["tell_missed"], checks)

    def as_data(self) -> dict[str, Any]:
        """As logged in `review_quality.changed`."""
        return {**asdict(self), "checks": [asdict(each) for each in self.checks]}

    def share(self, name: str) -> float:
        return next(each.share for each in self.checks if each.name == name)


def check_settings(event_type: str, settings: QualitySettings) -> None:
    """Raises QualityInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(settings)):
        raise QualityInvalid(event_type, problems)


def _problems(settings: QualitySettings) -> Iterator[FieldProblem]:
    yield from check_names("checks", tuple(each.name for each in settings.checks), NAMES)
    for each in settings.checks:
        if each.name in MAX_SHARES:
            yield from check_range(f"{each.name}.share", each.share, (0, MAX_SHARES[each.name]))
