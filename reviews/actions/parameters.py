"""What a reviewer enters for an action, checked against its parameters. Pure."""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from reviews.actions.definition import AMOUNT, CHOICE, MAX_TEXT, NUMBER, TEXT, ActionDefinition, Parameter
from reviews.actions.errors import ParametersInvalid
from scoring.catalog.currency import decimal_text, minor_units
from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.configuration.type_settings.errors import FieldProblem


class EventAmount(NamedTuple):
    """The amount of an event in minor units of its own currency; `minor` None for an event without one."""

    minor: int | None
    currency: str


class ParameterRefused(ValueError):
    """A value is not allowed: what is wrong, and what is allowed."""


def read_parameters(
    definition: ActionDefinition, sent: Mapping[str, str], amount: EventAmount
) -> dict[str, Any]:
    """The values entered, by name: texts without card numbers, numbers, amounts as decimal text, choices.

    Optional ones that are empty are left out. Raises ParametersInvalid with every problem.
    """
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for parameter in definition.parameters:
        text = sent.get(parameter.name, "").replace("\x00", "").strip()
        if not text:
            problems += _missing(parameter)
            continue
        try:
            values[parameter.name] = READERS[parameter.kind](parameter, text, amount)
        except ParameterRefused as refused:
            problem, allowed = refused.args
            problems.append((parameter.name, problem, allowed))
    if problems:
        raise ParametersInvalid(definition.name, problems)
    return values


def default_values(definition: ActionDefinition, amount: EventAmount) -> dict[str, str]:
    """What the form holds at first: the event's amount."""
    if amount.minor is None:
        return {}
    whole = decimal_text(amount.minor, amount.currency)
    return {each.name: whole for each in definition.parameters if each.kind == AMOUNT}


def _missing(parameter: Parameter) -> Iterator[FieldProblem]:
    if parameter.required:
        yield parameter.name, "is required", f"a {parameter.kind}"


def _read_text(parameter: Parameter, text: str, amount: EventAmount) -> str:
    most = int(parameter.maximum or MAX_TEXT)
    if not (parameter.minimum or 0) <= len(text) <= most:
        raise ParameterRefused(
            f"has {len(text):,} characters", f"{int(parameter.minimum or 1):,} to {most:,} characters"
        )
    return mask_card_numbers(text)


def _read_number(parameter: Parameter, text: str, amount: EventAmount) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ParameterRefused(f"{text!r} is not a number", "a number such as 10 or 2.5")
    _check_bounds(parameter, number)
    return int(number) if number.is_integer() else number


def _read_amount(parameter: Parameter, text: str, amount: EventAmount) -> str:
    try:
        minor = minor_units(text, amount.currency)
    except FieldError as error:
        raise ParameterRefused(error.problem, error.allowed) from error
    if minor == 0:
        raise ParameterRefused("is 0", "more than 0")
    if amount.minor is not None and minor > amount.minor:
        whole = decimal_text(amount.minor, amount.currency)
        raise ParameterRefused("is more than the event's amount", f"at most {whole} {amount.currency}")
    value = decimal_text(minor, amount.currency)
    _check_bounds(parameter, Decimal(value))
    return value


def _read_choice(parameter: Parameter, text: str, amount: EventAmount) -> str:
    if text not in parameter.choices:
        raise ParameterRefused(f"{text!r} is not offered", ", ".join(parameter.choices))
    return text


def _check_bounds(parameter: Parameter, value: float | Decimal) -> None:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and value < low:
        raise ParameterRefused(f"is {value:,}", f"at least {low:,.10g}")
    if high is not None and value > high:
        raise ParameterRefused(f"is {value:,}", f"at most {high:,.10g}")


READERS = {TEXT: _read_text, NUMBER: _read_number, AMOUNT: _read_amount, CHOICE: _read_choice}
