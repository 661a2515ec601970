"""What reviewers enter for an action: typed and bounded."""

import pytest

from reviews.actions.definition import ActionDefinition, Parameter
from reviews.actions.errors import ParametersInvalid
from reviews.actions.parameters import EventAmount, default_values, read_parameters

PAID = EventAmount(1_234, "EUR")
UNKNOWN = EventAmount(None, "USD")


def of(*parameters: Parameter) -> ActionDefinition:
    return ActionDefinition("refund", ("payment",), "Pays it back.", parameters=parameters)


AMOUNT, NOTE = Parameter("amount", "amount"), Parameter("note", "text", required=False, maximum=20)
DAYS = Parameter("days", "number", minimum=1, maximum=30)
CAUSE = Parameter("cause", "choice", choices=("fraud", "duplicate"))


@pytest.mark.parametrize(
    ("parameter", "entered", "value"),
    [
        (AMOUNT, "12.3", "12.30"),
        (AMOUNT, " 12.34 ", "12.34"),
        (NOTE, "4111 1111 1111 1111", "************1111"),
        (DAYS, "7", 7),
        (DAYS, "2.5", 2.5),
        (CAUSE, "fraud", "fraud"),
    ],
)
def test_values_are_read_as_their_kind(parameter: Parameter, entered: str, value: object) -> None:
    assert read_parameters(of(parameter), {parameter.name: entered}, PAID) == {parameter.name: value}


@pytest.mark.parametrize(
    ("parameter", "entered", "problem"),
    [
        (AMOUNT, "12.35", "is more than the event's amount"),
        (AMOUNT, "0", "is 0"),
        (AMOUNT, "-1", "must not be negative"),
        (AMOUNT, "1.234", "has more decimals than EUR has"),
        (AMOUNT, "", "is required"),
        (Parameter("amount", "amount", maximum=10), "11", "is 11.00"),
        (NOTE, "x" * 21, "has 21 characters"),
        (DAYS, "0", "is 0.0"),
        (DAYS, "31", "is 31.0"),
        (DAYS, "nan", "'nan' is not a number"),
        (CAUSE, "other", "'other' is not offered"),
    ],
)
def test_what_is_not_allowed_is_named(parameter: Parameter, entered: str, problem: str) -> None:
    with pytest.raises(ParametersInvalid) as refused:
        read_parameters(of(parameter), {parameter.name: entered}, PAID)
    assert [(field, text) for field, text, _ in refused.value.problems] == [(parameter.name, problem)]


def test_an_empty_optional_value_is_left_out() -> None:
    assert read_parameters(of(NOTE), {"note": " "}, PAID) == {}


def test_an_amount_begins_with_that_of_the_event() -> None:
    assert default_values(of(AMOUNT, DAYS), PAID) == {"amount": "12.34"}
    assert default_values(of(AMOUNT), UNKNOWN) == {}
    assert read_parameters(of(AMOUNT), {"amount": "900"}, UNKNOWN) == {"amount": "900.00"}
