"""The retraining triggers of an event type as data: what requests a training besides its schedule."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from monitoring.triggers.errors import TriggersInvalid
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.configuration.type_settings.rows import check_names, check_range, rows_of

RECIPE, DRIFT, PERFORMANCE, LABELS = "recipe", "drift", "performance", "labels"

LIMIT_RANGES: Final = {DRIFT: (0.01, 1.0), PERFORMANCE: (0.0, 0.95), LABELS: (0.0, 100.0)}
MINIMUM_RANGE = (10, 1_000_000)
PSI_RANGE = (0.1, 10.0)
COOL_DOWN_RANGE = (1, 720)
A_DAY_RANGE = (1, 24)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason to train again. What `limit` and `minimum` are depends on the trigger:

    | name | reached when | `minimum` |
    |---|---|---|
    | RECIPE | features or recipe differ from the champion's; it has no numbers | |
    | DRIFT | features with `limit` of the importance, or the scores, have a PSI above `psi` | decisions |
    | PERFORMANCE | average precision is lower than promised by more than the share `limit` | positives |
    | LABELS | new labels are the share `limit` of those that the champion was trained with | new labels |
    """

    name: str
    limit: float | None = None
    minimum: int | None = None
    psi: float | None = None
    on: bool = True


# In order of precedence: the first one that is reached is the cause.
DEFAULT_TRIGGERS: Final = (
    Trigger(RECIPE),
    Trigger(DRIFT, limit=0.2, minimum=1_000, psi=0.25),
    Trigger(PERFORMANCE, limit=0.1, minimum=50),
    Trigger(LABELS, limit=0.2, minimum=200),
)
NAMES: Final = tuple(each.name for each in DEFAULT_TRIGGERS)


@dataclass(frozen=True, slots=True)
class TriggerSettings:
    """Whether an event type is retrained by triggers, and which. Defaults hold until changed.

    Triggers wait `cool_down_hours` after any training of the type was requested, and request at most
    `max_a_day` within 24 hours. `triggers`: one for each of NAMES, in their order.
    """

    on: bool = True
    cool_down_hours: int = 6
    max_a_day: int = 2
    triggers: tuple[Trigger, ...] = DEFAULT_TRIGGERS

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "TriggerSettings":
        """The settings in a `trigger.changed`; what is newer than it has its defaults."""
        triggers = rows_of(data["triggers"], DEFAULT_TRIGGERS, key="name")
        return cls(data["on"], data["cool_down_hours"], data["max_a_day"], triggers)

    def as_data(self) -> dict[str, Any]:
        """As logged in `trigger.changed`."""
        return {**asdict(self), "triggers": [asdict(each) for each in self.triggers]}


def check_settings(event_type: str, settings: TriggerSettings) -> None:
    """Raises TriggersInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(settings)):
        raise TriggersInvalid(event_type, problems)


def _problems(settings: TriggerSettings) -> Iterator[FieldProblem]:
    named = tuple(each.name for each in settings.triggers)
    yield from check_names("triggers", named, NAMES)
    yield from check_range("cool_down_hours", settings.cool_down_hours, COOL_DOWN_RANGE)
    yield from check_range("max_a_day", settings.max_a_day, A_DAY_RANGE)
    for each in settings.triggers:
        yield from _problems_of(each)


def _problems_of(trigger: Trigger) -> Iterator[FieldProblem]:
    bounds = {
        "limit": LIMIT_RANGES.get(trigger.name),
        "minimum": None if trigger.name == RECIPE else MINIMUM_RANGE,
        "psi": PSI_RANGE if trigger.name == DRIFT else None,
    }
    for setting, allowed in bounds.items():
        name, value = f"{trigger.name}.{setting}", getattr(trigger, setting)
        if allowed is not None:
            yield from check_range(name, value, allowed)
        elif value is not None:
            yield name, f"is not a setting of {trigger.name}", None
