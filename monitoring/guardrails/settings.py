"""The guardrails of an event type as data: what a newly deployed model must not exceed."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from monitoring.guardrails.errors import GuardrailsInvalid
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.configuration.type_settings.rows import check_names, check_range, rows_of

ERRORS, SLOW, BLOCKS = "errors", "slow", "blocks"
WRONG_BLOCKS, SCORE_SHIFT = "wrong_blocks", "score_shift"

MINIMUM_RANGE = (5, 1_000_000)
TIMES_RANGE = (1.0, 100.0)
MS_RANGE = (1.0, 60_000.0)
WATCH_RANGE = (1, 720)
MAX_SHIFT = 10.0


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One limit of a deployed model.

    `metric`: a share of events (ERRORS, SLOW, BLOCKS, WRONG_BLOCKS) or the PSI of scores (SCORE_SHIFT). A
    share may be up to `limit`, or up to `times` that of the model it is compared with, whichever is more; a
    PSI up to `limit` more than that model's. Judged from `minimum` events on. `slower_than_ms`: of SLOW.
    """

    metric: str
    limit: float
    minimum: int
    times: float = 3.0
    slower_than_ms: float | None = None
    on: bool = True


DEFAULT_GUARDRAILS: Final = (
    Guardrail(ERRORS, limit=0.02, minimum=20, times=3),
    Guardrail(SLOW, limit=0.05, minimum=50, times=3, slower_than_ms=250.0),
    Guardrail(BLOCKS, limit=0.05, minimum=50, times=3),
    Guardrail(WRONG_BLOCKS, limit=0.5, minimum=10, times=2),
    Guardrail(SCORE_SHIFT, limit=0.5, minimum=500),
)
METRICS: Final = tuple(each.metric for each in DEFAULT_GUARDRAILS)


@dataclass(frozen=True, slots=True)
class GuardrailSettings:
    """Whether models of an event type are rolled back by themselves, and when. Defaults hold until changed.

    A canary is watched as long as it is one, a new champion for `watch_hours`. `guardrails`: one for each of
    METRICS, in their order.
    """

    on: bool = True
    watch_hours: int = 24
    guardrails: tuple[Guardrail, ...] = DEFAULT_GUARDRAILS

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "GuardrailSettings":
        """The settings in a `guardrail.changed`; what is newer than it has its defaults."""
        guardrails = rows_of(data["guardrails"], DEFAULT_GUARDRAILS, key="metric")
        return cls(data["on"], data["watch_hours"], guardrails)

    def as_data(self) -> dict[str, Any]:
        """As logged in `guardrail.changed`."""
        return {**asdict(self), "guardrails": [asdict(each) for each in self.guardrails]}


def check_settings(event_type: str, settings: GuardrailSettings) -> None:
    """Raises GuardrailsInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(settings)):
        raise GuardrailsInvalid(event_type, problems)


def _problems(settings: GuardrailSettings) -> Iterator[FieldProblem]:
    named = tuple(each.metric for each in settings.guardrails)
    yield from check_names("guardrails", named, METRICS)
    yield from check_range("watch_hours", settings.watch_hours, WATCH_RANGE)
    for each in settings.guardrails:
        yield from _problems_of(each)


def _problems_of(guardrail: Guardrail) -> Iterator[FieldProblem]:
    name = guardrail.metric
    most = MAX_SHIFT if name == SCORE_SHIFT else 1.0
    if not 0 < guardrail.limit < most:
        allowed = f"more than 0 and less than {most:g}"
        yield f"{name}.limit", f"must be {allowed}, not {guardrail.limit:g}", allowed
    yield from check_range(f"{name}.minimum", guardrail.minimum, MINIMUM_RANGE)
    yield from check_range(f"{name}.times", guardrail.times, TIMES_RANGE)
    if name == SLOW:
        yield from check_range(f"{name}.slower_than_ms", guardrail.slower_than_ms, MS_RANGE)
    elif guardrail.slower_than_ms is not None:
        yield f"{name}.slower_than_ms", f"is for {SLOW} alone", None
