"""Which verdicts on an event type need a second person, as data."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from reviews.four_eyes.errors import FourEyesInvalid
from scoring.catalog.registry import event_type
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.configuration.type_settings.rows import check_names, check_range, rows_of

POSITIVE, NEGATIVE = "positive", "negative"
MAX_AMOUNT: Final = 1e12  # in whole units of the currency


@dataclass(frozen=True, slots=True)
class ConfirmedLabel:
    """When verdicts with the positive or the negative label of the type need a second person.

    `always`, or else for events of the amount `from_amount` or more, in whole units of the type's base
    currency (0: never because of the amount).
    """

    name: str
    always: bool = False
    from_amount: float = 0.0

    def covers(self, amount: float | None) -> bool:
        """Whether an event of this amount needs a second person; None: it has none."""
        return self.always or (self.from_amount > 0 and amount is not None and amount >= self.from_amount)


DEFAULT_LABELS: Final = (ConfirmedLabel(POSITIVE), ConfirmedLabel(NEGATIVE))
NAMES: Final = tuple(each.name for each in DEFAULT_LABELS)


@dataclass(frozen=True, slots=True)
class FourEyesSettings:
    """The verdicts on an event type that need a second person; none until they are set.

    `outcomes`: those that a verdict may give the event only with a second person, such as `block`.
    """

    outcomes: tuple[str, ...] = ()
    labels: tuple[ConfirmedLabel, ...] = DEFAULT_LABELS

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "FourEyesSettings":
        """The settings in a `four_eyes.changed`; what is newer than it has its defaults."""
        return cls(tuple(data["outcomes"]), rows_of(data["labels"], DEFAULT_LABELS, key="name"))

    def as_data(self) -> dict[str, Any]:
        """As logged in `four_eyes.changed`."""
        return {"outcomes": list(self.outcomes), "labels": [asdict(each) for each in self.labels]}

    def label(self, name: str) -> ConfirmedLabel:
        return next(each for each in self.labels if each.name == name)

    def need_second(self, *, is_positive: bool, outcome: str, amount: float | None) -> bool:
        """Whether a verdict needs a second person. `outcome`: what it gives the event, "" for none."""
        return outcome in self.outcomes or self.label(POSITIVE if is_positive else NEGATIVE).covers(amount)


def check_settings(event_type_name: str, settings: FourEyesSettings) -> None:
    """Raises FourEyesInvalid, which names every setting that is not allowed."""
    if problems := list(_problems(event_type_name, settings)):
        raise FourEyesInvalid(event_type_name, problems)


def _problems(event_type_name: str, settings: FourEyesSettings) -> Iterator[FieldProblem]:
    yield from check_names("labels", tuple(each.name for each in settings.labels), NAMES)
    for each in settings.labels:
        yield from check_range(f"{each.name}.from_amount", each.from_amount, (0, MAX_AMOUNT))
    allowed = [name for name in event_type(event_type_name).outcomes if name != "review"]
    for name in settings.outcomes:
        if name not in allowed:
            yield "outcomes", f"names {name!r}, which no verdict gives", allowed
