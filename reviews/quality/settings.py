"""The quality checks of an event type's reviews as data: second reviews and golden items."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from reviews.quality.errors import FieldProblem, QualityInvalid

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
        logged = {row["name"]: row for row in data["checks"]}
        checks = tuple(replace(each, **logged.get(each.name, {})) for each in DEFAULT_CHECKS)
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
    named = tuple(each.name for each in settings.checks)
    if named != NAMES:
        yield "checks", f"must be {', '.join(NAMES)}, one each, not {', '.join(named) or 'none'}", NAMES
        return
    for each in settings.checks:
        if not 0 <= each.share <= MAX_SHARES[each.name]:
            allowed = f"0 to {MAX_SHARES[each.name]:g}"
            yield f"{each.name}.share", f"must be {allowed}, not {each.share:g}", allowed
