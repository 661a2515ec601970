"""The sources of cases of an event type as data, besides its outcome `review` and the random sample."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from reviews.models import Case
from reviews.queue.sources.errors import SourcesInvalid
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.configuration.type_settings.rows import check_names, check_range, rows_of

UNCERTAIN: Final = Case.Why.UNCERTAIN.value
EXPLORED: Final = Case.Why.EXPLORED.value
CANDIDATE: Final = Case.Why.CANDIDATE.value
MAX_PER_DAY = 10_000
MAX_MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class SourceShare:
    """A source: the `share` of its events that become cases (0: off), at most `per_day` in a day (UTC).

    | name | its events |
    |---|---|
    | UNCERTAIN | not sent to review, with a score nearer to a threshold than the margin |
    | EXPLORED | let through by exploration |
    | CANDIDATE | not sent to review, of entities whose risk profile has risen since |
    """

    name: str
    share: float = 0.0
    per_day: int = 50


DEFAULT_SOURCES: Final = (SourceShare(UNCERTAIN), SourceShare(EXPLORED), SourceShare(CANDIDATE))
NAMES: Final = tuple(each.name for each in DEFAULT_SOURCES)


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """The sources of an event type; without any until they are switched on.

    `margin`: how near to a threshold a score is uncertain. `rise`: how much a risk profile must have risen.
    """

    margin: float = 0.05
    rise: float = 0.2
    sources: tuple[SourceShare, ...] = DEFAULT_SOURCES

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "SourceSettings":
        """The settings in a `review_sources.changed`; what is newer than it has its defaults."""
        return cls(data["margin"], data["rise"], rows_of(data["sources"], DEFAULT_SOURCES, key="name"))

    def as_data(self) -> dict[str, Any]:
        """As logged in `review_sources.changed`."""
        return {**asdict(self), "sources": [asdict(each) for each in self.sources]}

    def source(self, name: str) -> SourceShare:
        return next(each for each in self.sources if each.name == name)


def check_settings(event_type: str, settings: SourceSettings) -> None:
    """Raises SourcesInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(settings)):
        raise SourcesInvalid(event_type, problems)


def _problems(settings: SourceSettings) -> Iterator[FieldProblem]:
    yield from check_names("sources", tuple(each.name for each in settings.sources), NAMES)
    yield from check_range("margin", settings.margin, (0, MAX_MARGIN))
    yield from check_range("rise", settings.rise, (0.01, 1))
    for each in settings.sources:
        yield from check_range(f"{each.name}.share", each.share, (0, 1))
        yield from check_range(f"{each.name}.per_day", each.per_day, (0, MAX_PER_DAY))
