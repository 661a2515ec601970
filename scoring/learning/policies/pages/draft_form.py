"""The form of a policy: what was typed, as the data of a draft; and a policy as what the form shows.

A field is named by its place in the data, such as `costs.margin` or `segments.1.thresholds.block`, so that a
problem of the data is shown at its field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from scoring.catalog.currency import decimal_text, minor_units
from scoring.catalog.errors import FieldError
from scoring.catalog.event_type import EventType
from scoring.rules.policies.policy import CAPACITY, COST, FIXED, MODEL, Policy, Terms

Sent = Mapping[str, str]
MAX_SHOWN = 40  # characters of a value that is repeated in a message
MAX_SEGMENTS_SHOWN = 50  # more than a policy may have, so that too many are refused with a message

# name in the data, words, kind ("percent" or "money"), what it means
COST_FIELDS = (
    ("chargeback_fee", "Chargeback fee", "money", "What allowed fraud costs beyond the amount."),
    ("loss_share", "Share of the amount that fraud loses", "percent", "100 % unless goods cost less."),
    ("margin", "Margin", "percent", "What a good event earns, as a share of its amount."),
    ("insult", "Insult", "money", "What a refused good customer costs beyond the margin."),
)
ACTION_FIELDS = (
    ("cost", "Cost of a {outcome}", "money", "Empty: the policy does not use this outcome."),
    ("catches", "Fraud that it catches", "percent", "Of the fraud that gets this outcome."),
    ("loses", "Good customers that it loses", "percent", "Those who give up, or are refused by mistake."),
)


def head_prefix(head: str) -> str:
    """What the names of the inputs of a content policy's terms begin with."""
    return f"policies.{head}."


@dataclass
class DraftForm:
    """What was typed, and the problems by field name. `values` has a text for every name that was sent."""

    kind: type[EventType]
    values: dict[str, str]
    problems: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, policy: Policy, kind: type[EventType]) -> "DraftForm":
        """The form that shows a policy."""
        values = {"description": policy.description, "segments": str(len(policy.segments))}
        values |= dict(_terms_values(policy.terms, kind, at=""))
        for number, segment in enumerate(policy.segments, start=1):
            at = f"segments.{number}."
            values |= {f"{at}name": segment.name, f"{at}expression": segment.expression}
            values |= dict(_terms_values(segment.terms, kind, at=at))
        for name, terms in policy.heads.items():
            values |= dict(_terms_values(terms, kind, at=head_prefix(name)))
        return cls(kind, values)

    @property
    def segment_count(self) -> int:
        text = self.values.get("segments", "0")
        return min(int(text[:9]), MAX_SEGMENTS_SHOWN) if text.isdecimal() else 0

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def add_problem(self, name: str, problem: str, allowed: object = None) -> None:
        """A problem of the data, shown at its field."""
        hint = ", ".join(map(str, allowed)) if isinstance(allowed, (list, tuple)) else allowed
        told = f"{problem[:1].upper()}{problem[1:]}{f'; allowed: {hint}' if hint else ''}."
        self.problems.setdefault(self._field_of(name), []).append(told)

    def problems_of(self, name: str) -> tuple[str, ...]:
        return tuple(self.problems.get(name, ()))

    def _field_of(self, name: str) -> str:
        """The input of a name in the data: thresholds are typed in another place for a capacity."""
        at, found, outcome = name.rpartition("thresholds.")
        if found and self.text(f"{at}mode") == CAPACITY:
            return f"{at}capacity.thresholds.{outcome}"
        return name

    def data(self) -> dict[str, Any]:
        """The data of a draft, without the numbers that are computed from a capacity.

        What cannot be read is added to `problems` and left out.
        """
        return {
            **self._terms(""),
            "segments": [self._segment(number) for number in range(1, self.segment_count + 1)],
            "description": self.text("description"),
            **self._policies(),
        }

    def cases_a_day(self, at: str = "") -> int | None:
        """The capacity that was typed in the inputs at `at`; a problem is added if it is none."""
        text = self.text(f"{at}capacity.cases_a_day").replace(",", "")
        if text.isdecimal() and len(text) < 10 and 0 < int(text) <= 1_000_000:
            return int(text)
        self.add_problem(
            f"{at}capacity.cases_a_day", f"{text[:MAX_SHOWN]!r} is not a number of cases", "1 or more"
        )
        return None

    def without_segment(self, number: int) -> "DraftForm":
        """The form without a segment; those after it move up."""
        kept = [each for each in range(1, self.segment_count + 1) if each != number]
        values = {name: value for name, value in self.values.items() if not name.startswith("segments.")}
        for place, old in enumerate(kept, start=1):
            at = f"segments.{old}."
            values |= {
                f"segments.{place}.{name.removeprefix(at)}": value
                for name, value in self.values.items()
                if name.startswith(at)
            }
        return DraftForm(self.kind, {**values, "segments": str(len(kept))})

    def with_segment(self) -> "DraftForm":
        """The form with one more segment, which has the terms of all other events."""
        number = self.segment_count + 1
        copied = {
            f"segments.{number}.{name}": value
            for name, value in self.values.items()
            if name.startswith(("mode", "thresholds.", "costs.")) and value != CAPACITY
        }
        more = {f"segments.{number}.mode": FIXED, **copied, "segments": str(number)}
        return DraftForm(self.kind, {**self.values, **more})

    def _segment(self, number: int) -> dict[str, Any]:
        at = f"segments.{number}."
        named = {"name": self.text(f"{at}name"), "expression": self.text(f"{at}expression")}
        return {**named, **self._terms(at)}

    def _policies(self) -> dict[str, Any]:
        """The terms of the content policies that do not keep the model's thresholds."""
        names = [each.name for each in self.kind.policies]
        typed = {name: self._terms(head_prefix(name)) for name in names if self.has_terms(name)}
        return {"policies": typed} if typed else {}

    def has_terms(self, head: str) -> bool:
        """Whether terms were typed for a content policy."""
        return self.text(f"{head_prefix(head)}mode") not in ("", MODEL)

    def _terms(self, at: str) -> dict[str, Any]:
        mode = self.text(f"{at}mode")
        if mode == FIXED:
            return {"mode": mode, "thresholds": self._thresholds(f"{at}thresholds", self.kind.outcomes[1:])}
        if mode == CAPACITY:
            others = [each for each in self.kind.outcomes[1:] if each != "review"]
            return {"mode": mode, "thresholds": self._thresholds(f"{at}capacity.thresholds", others)}
        if mode == COST:
            return {"mode": mode, "costs": self._costs(f"{at}costs")}
        return {"mode": mode}

    def _thresholds(self, at: str, outcomes: Sequence[str]) -> dict[str, float]:
        found = {outcome: self._percent(f"{at}.{outcome}") for outcome in outcomes}
        return {outcome: value for outcome, value in found.items() if value is not None}

    def _costs(self, at: str) -> dict[str, Any]:
        found = {name: self._number(f"{at}.{name}", kind) for name, _, kind, _ in COST_FIELDS}
        return {**found, "actions": [*self._typed_actions(f"{at}.actions")]}

    def _typed_actions(self, at: str) -> Iterator[dict[str, Any]]:
        """The actions of the outcomes whose cost was typed."""
        for outcome in self.kind.outcomes[1:-1]:
            place = f"{at}.{outcome}"
            if self.text(f"{place}.cost"):
                typed = {name: self._number(f"{place}.{name}", kind) for name, _, kind, _ in ACTION_FIELDS}
                yield {"outcome": outcome, **typed, "loses": typed["loses"] or 0.0}

    def _number(self, name: str, kind: str) -> float | int | None:
        return self._percent(name) if kind == "percent" else self._money(name)

    def _percent(self, name: str) -> float | None:
        text = self.text(name).removesuffix("%").strip().replace(",", ".")
        if not text:
            return None
        try:
            return round(float(text) / 100, 8)
        except ValueError:
            self.add_problem(name, f"{text[:MAX_SHOWN]!r} is not a percentage", "a number such as 42.5")
            return None

    def _money(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return minor_units(text, self.kind.base_currency)
        except FieldError as error:
            self.add_problem(name, f"{text[:MAX_SHOWN]!r} {error.problem}", error.allowed)
            return None


def _terms_values(terms: Terms, kind: type[EventType], *, at: str) -> Iterator[tuple[str, str]]:
    """The texts of the inputs of terms."""
    yield f"{at}mode", terms.mode
    place = f"{at}capacity.thresholds" if terms.mode == CAPACITY else f"{at}thresholds"
    for outcome, value in terms.thresholds.items():
        yield f"{place}.{outcome}", _percent_text(value)
    if terms.capacity:
        yield f"{at}capacity.cases_a_day", str(terms.capacity.cases_a_day)
    if terms.costs:
        yield from _costs_values(terms.costs.as_data(), COST_FIELDS, kind, at=f"{at}costs")
        for action in terms.costs.actions:
            place = f"{at}costs.actions.{action.outcome}"
            yield from _costs_values(action.as_data(), ACTION_FIELDS, kind, at=place)


def _costs_values(
    data: Mapping[str, Any], fields: Sequence[tuple[str, str, str, str]], kind: type[EventType], *, at: str
) -> Iterator[tuple[str, str]]:
    for name, _, what, _ in fields:
        text = _percent_text if what == "percent" else partial(decimal_text, currency=kind.base_currency)
        yield f"{at}.{name}", text(data[name])


def _percent_text(share: float) -> str:
    return f"{100 * share:.6g}"
