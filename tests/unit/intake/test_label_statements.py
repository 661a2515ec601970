from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.catalog.parsing.characters import ALLOWED_IN_NAMES
from scoring.catalog.parsing.moments import ALLOWED as ALLOWED_TIMES
from scoring.intake.errors import InvalidRequest
from scoring.intake.label_statements import parse_statement
from scoring.intake.labels import LabelStatement

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LABEL: dict[str, Any] = {
    "event_type": "payment",
    "event_id": "T-1",
    "label": "fraud",
    "source": "chargeback",
}

REFUSED = {
    "the event type is missing": ({"event_type": None}, "event_type", ["payment", "content"]),
    "the event type is unknown": ({"event_type": "parcel"}, "event_type", ["payment", "content"]),
    "the event type is not scored": ({"event_type": "refund"}, "event_type", ["payment", "content"]),
    "the event type is no string": ({"event_type": ["payment"]}, "event_type", ["payment", "content"]),
    "the id is missing": ({"event_id": None}, "event_id", "1 to 200 characters"),
    "the id is a number": ({"event_id": 1}, "event_id", "string"),
    "the id is too long": ({"event_id": "x" * 201}, "event_id", "1 to 200 characters"),
    "the id cannot be printed": ({"event_id": "a\x00"}, "event_id", ALLOWED_IN_NAMES),
    "the source is missing": ({"source": None}, "source", "1 to 60 characters"),
    "the label is unknown": ({"label": "bad"}, "label", ["fraud", "legitimate"]),
    "the label is no string": ({"label": 1}, "label", ["fraud", "legitimate"]),
    "the label is missing": (
        {"label": None},
        "label",
        ["fraud", "legitimate", 'null with "retract": true'],
    ),
    "a retraction brings a label": ({"retract": True}, "label", [None]),
    "retract is no truth value": ({"retract": "yes"}, "retract", [True, False]),
    "known_at has no time zone": (
        {"known_at": "2026-02-01T00:00:00"},
        "known_at",
        ALLOWED_TIMES,
    ),
    "known_at is no time": ({"known_at": "yesterday"}, "known_at", ALLOWED_TIMES),
    "known_at is a number": ({"known_at": 1}, "known_at", ALLOWED_TIMES),
    "known_at lies before all time zones": (
        {"known_at": "0001-01-01T00:00:00+10:00"},
        "known_at",
        "the years 1970 to 9999",
    ),
    "known_at is of the year 1": ({"known_at": "0001-01-01T00:00:00Z"}, "known_at", "from 1970 on"),
    "known_at is in the future": (
        {"known_at": "2026-03-01T12:06:00Z"},
        "known_at",
        "until 2026-03-01T12:05:00Z",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_statement_is_refused_naming_the_field_and_what_is_allowed(case: str) -> None:
    changes, field, allowed = REFUSED[case]
    with pytest.raises(InvalidRequest) as error:
        parse_statement(LABEL | changes, now=NOW)
    assert [(problem.field, problem.allowed) for problem in error.value.problems] == [(field, allowed)]


def test_every_problem_is_named_not_only_the_first() -> None:
    with pytest.raises(InvalidRequest) as error:
        parse_statement({"event_type": "parcel", "lable": "fraud"}, now=NOW)
    assert {problem.field for problem in error.value.problems} == {
        "event_type",
        "event_id",
        "label",
        "lable",
        "source",
    }


def test_a_label_is_parsed() -> None:
    assert parse_statement(LABEL, now=NOW) == LabelStatement("payment", "T-1", "fraud", "chargeback", None)


def test_a_retraction_is_parsed() -> None:
    statement = parse_statement(LABEL | {"label": None, "retract": True}, now=NOW)
    assert statement.value is None


def test_known_at_is_parsed_as_utc() -> None:
    statement = parse_statement(LABEL | {"known_at": "2026-02-01T01:00:00+01:00"}, now=NOW)
    assert statement.known_at == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_clock_that_is_a_little_ahead_is_cut_to_now() -> None:
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    assert parse_statement(LABEL | {"known_at": ahead}, now=NOW).known_at == NOW


def test_an_answer_to_many_unknown_fields_names_few_of_them() -> None:
    fields = {f"field {number} {'x' * 1_000}": 1 for number in range(1_000)}
    with pytest.raises(InvalidRequest) as error:
        parse_statement(LABEL | fields, now=NOW)
    assert len(error.value.problems) == 6
    assert error.value.problems[5].problem == "has 995 more fields that a label does not have"
    assert len(str(error.value)) < 1_000


@pytest.mark.parametrize("source", ["Chargeback", " CHARGEBACK ", "charge-back", "Charge Backs"])
def test_a_known_source_is_recognized_in_any_spelling(source: str) -> None:
    assert parse_statement(LABEL | {"source": source}, now=NOW).label_source == "chargeback"
