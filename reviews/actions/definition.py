"""The definition of an action: for which cases it is, what it asks for, and who may request it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from reviews.actions.errors import ActionInvalid
from scoring.catalog.registry import event_types
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.declare.spelling import words_of

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
KEY = re.compile(r"[A-Z]?")
MAX_PURPOSE, MAX_PARAMETERS, MAX_CHOICES, MAX_CHOICE = 300, 4, 20, 60
TEXT, NUMBER, AMOUNT, CHOICE = "text", "number", "amount", "choice"
KINDS: Final = (TEXT, NUMBER, AMOUNT, CHOICE)
MAX_TEXT = 2_000  # characters
MAX_NUMBER = 10**12


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the reviewer enters. `maximum`: of a text, its characters.

    An `amount` is in the event's currency: more than 0, and at most the event's own amount. `choices`: of the
    kind `choice`.
    """

    name: str
    kind: str = TEXT
    required: bool = True
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return words_of(self.name).capitalize()


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """An action that reviewers request from cases of `event_types`.

    `purpose`: what it does, which the page says before it is confirmed. `key`: a capital letter, pressed with
    Shift on the case page. `groups`: whose members may request it; without any, all who may request actions.
    `once`: it is not requested again for a case unless it failed. `verdicts`: labels after which it is
    requested by itself.
    """

    name: str
    event_types: tuple[str, ...]
    purpose: str
    key: str = ""
    parameters: tuple[Parameter, ...] = ()
    groups: tuple[str, ...] = ()
    once: bool = True
    verdicts: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return words_of(self.name).capitalize()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "ActionDefinition":
        """The definition in a `case_action.defined`; members that are newer than it have their defaults."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        parameters = (
            Parameter(**{**each, "choices": tuple(each.get("choices", ()))})
            for each in data.get("parameters", ())
        )
        lists = {name: tuple(data.get(name, ())) for name in ("event_types", "groups", "verdicts")}
        return cls(**{**known, **lists, "parameters": tuple(parameters)})

    def as_data(self) -> dict[str, Any]:
        """As logged in `case_action.defined`."""
        lists = {name: list(getattr(self, name)) for name in ("event_types", "groups", "verdicts")}
        parameters = [{**asdict(each), "choices": list(each.choices)} for each in self.parameters]
        return {**asdict(self), **lists, "parameters": parameters}


def check_definition(definition: ActionDefinition, others: Sequence[ActionDefinition]) -> None:
    """Raises ActionInvalid with every problem. `others`: the other actions in use, whose keys are taken."""
    problems = [
        *_term_problems(definition),
        *_key_problems(definition, others),
        *_parameter_problems(definition.parameters),
        *_verdict_problems(definition),
    ]
    if problems:
        raise ActionInvalid(definition.name, problems)


def _term_problems(definition: ActionDefinition) -> Iterator[FieldProblem]:
    if not NAME.fullmatch(definition.name):
        allowed = "lower-case letters, digits and _, starting with a letter, at most 40"
        yield "name", f"{definition.name!r} is not a name", allowed
    if not definition.event_types:
        yield "event_types", "is empty", tuple(event_types())
    for name in definition.event_types:
        if name not in event_types():
            yield "event_types", f"{name!r} is not an event type", tuple(event_types())
    if not 0 < len(definition.purpose.strip()) <= MAX_PURPOSE:
        length = len(definition.purpose.strip())
        yield "purpose", f"has {length} characters", f"1 to {MAX_PURPOSE}, which say what the action does"


def _key_problems(definition: ActionDefinition, others: Sequence[ActionDefinition]) -> Iterator[FieldProblem]:
    if not KEY.fullmatch(definition.key):
        yield (
            "key",
            f"{definition.key!r} is not a capital letter",
            "A to Z, pressed with Shift; or none",
        )
    for other in others:
        shared = set(definition.event_types) & set(other.event_types)
        if definition.key and shared and definition.key == other.key and definition.name != other.name:
            yield "key", f"{definition.key!r} is the key of {other.name}", "another capital letter"


def _parameter_problems(parameters: Sequence[Parameter]) -> Iterator[FieldProblem]:
    if len(parameters) > MAX_PARAMETERS:
        yield "parameters", f"are {len(parameters)} in number", f"at most {MAX_PARAMETERS}"
    names = [each.name for each in parameters]
    for each in parameters:
        at = f"parameters.{each.name}"
        if not NAME.fullmatch(each.name):
            yield at, f"{each.name!r} is not a name", "lower-case letters, digits and _, at most 40"
        if names.count(each.name) > 1:
            yield at, "is named twice", "a name for each parameter"
        if each.kind not in KINDS:
            yield f"{at}.kind", f"{each.kind!r} is not a kind of parameter", KINDS
        yield from _bound_problems(at, each)
        yield from _choice_problems(at, each)


def _bound_problems(at: str, parameter: Parameter) -> Iterator[FieldProblem]:
    low, high = parameter.minimum, parameter.maximum
    most = MAX_TEXT if parameter.kind == TEXT else MAX_NUMBER
    for name, bound in (("minimum", low), ("maximum", high)):
        if bound is not None and not -MAX_NUMBER <= bound <= most:
            yield f"{at}.{name}", f"is {bound:,.10g}", f"at most {most:,}"
    if low is not None and high is not None and low > high:
        yield f"{at}.maximum", f"is {high:,.10g}, below the minimum", f"at least {low:,.10g}"


def _choice_problems(at: str, parameter: Parameter) -> Iterator[FieldProblem]:
    if parameter.kind != CHOICE:
        if parameter.choices:
            yield f"{at}.choices", f"are for the kind {CHOICE} alone", "none"
        return
    choices = parameter.choices
    if not 2 <= len(choices) <= MAX_CHOICES or len(set(choices)) < len(choices):
        yield (
            f"{at}.choices",
            f"are {len(choices)}, or repeat themselves",
            f"2 to {MAX_CHOICES} different ones",
        )
    if any(not 0 < len(each) <= MAX_CHOICE for each in choices):
        yield f"{at}.choices", "have one that is empty or too long", f"1 to {MAX_CHOICE} characters each"


def _verdict_problems(definition: ActionDefinition) -> Iterator[FieldProblem]:
    known = {name: event_types()[name] for name in definition.event_types if name in event_types()}
    allowed = tuple(dict.fromkeys(label for kind in known.values() for label in kind.labels.values))
    for verdict in definition.verdicts:
        if verdict not in allowed:
            yield "verdicts", f"{verdict!r} is not a label of its event types", allowed
    if definition.verdicts:
        for each in definition.parameters:
            if each.required and each.kind != AMOUNT:
                problem = "must be entered, so that the action cannot follow a verdict by itself"
                yield f"parameters.{each.name}", problem, "optional parameters, and amounts"
