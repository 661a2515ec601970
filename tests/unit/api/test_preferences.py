import pytest

from scoring.api.preferences import Preferences, parse_prefer, read_preferences
from scoring.intake.errors import InvalidRequest

ONE = {"default_wait": 0.5, "usual_wait": 0.5, "most": 10.0}
LIST = {"default_wait": None, "usual_wait": 0.5, "most": 10.0}

CASES = {
    "one event waits the default time without preferences": (ONE, "", None, (0.5, "pending", "")),
    "a list does not wait without preferences": (LIST, "", None, (None, "pending", "")),
    "the requested wait is applied": (ONE, "wait=0.05", None, (0.05, "pending", "wait=0.05")),
    "whole seconds as in the RFC are read": (ONE, "wait=2", None, (2.0, "pending", "wait=2")),
    "the wait is capped at the maximum": (ONE, "wait=3600", None, (10.0, "pending", "wait=10")),
    "a list waits if requested": (LIST, "wait=1", None, (1.0, "pending", "wait=1")),
    "respond-async does not wait": (ONE, "respond-async", None, (None, "pending", "respond-async")),
    "respond-async takes precedence over wait": (
        ONE,
        "wait=3, respond-async",
        None,
        (None, "pending", "respond-async"),
    ),
    "a fallback may be preferred": (
        ONE,
        "wait=1, on_timeout=fallback",
        None,
        (1.0, "fallback", "wait=1, on_timeout=fallback"),
    ),
    "the query may request a fallback": (ONE, "", "fallback", (0.5, "fallback", "on_timeout=fallback")),
    "the query takes precedence over the header": (
        ONE,
        "on_timeout=fallback",
        "pending",
        (0.5, "pending", "on_timeout=pending"),
    ),
    "a list that prefers a fallback waits the default time": (
        LIST,
        "",
        "fallback",
        (0.5, "fallback", "on_timeout=fallback"),
    ),
    "a wait that is not a number is ignored": (ONE, "wait=soon", None, (0.5, "pending", "")),
    "a negative wait is ignored": (ONE, "wait=-1", None, (0.5, "pending", "")),
    "an infinite wait is ignored": (ONE, "wait=inf", None, (0.5, "pending", "")),
    "unknown preferences are ignored": (ONE, "return=minimal, wait=1", None, (1.0, "pending", "wait=1")),
}


@pytest.mark.parametrize("case", CASES)
def test_preferences(case: str) -> None:
    waits, header, on_timeout, expected = CASES[case]
    assert read_preferences(header, on_timeout=on_timeout, **waits) == Preferences(*expected)


def test_an_unknown_on_timeout_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(InvalidRequest) as error:
        read_preferences("", on_timeout="guess", **ONE)
    assert error.value.problems[0].field == "on_timeout"
    assert error.value.problems[0].allowed == "pending or fallback"


def test_names_are_case_insensitive_and_parameters_are_ignored() -> None:
    assert parse_prefer('Wait="3"; x=1, RESPOND-ASYNC') == {"wait": "3", "respond-async": ""}


def test_of_a_repeated_preference_the_first_counts() -> None:
    assert parse_prefer("wait=1, wait=2") == {"wait": "1"}


@pytest.mark.parametrize("part", ["a", "a=", '"', "a;", " ", ",;"])
def test_a_long_header_is_read_only_up_to_its_limit(part: str) -> None:
    assert "wait" not in parse_prefer(f"{part * 4_000}, wait=1")


def test_separators_in_quotes_separate_nothing() -> None:
    assert parse_prefer('note="a, b; c", wait=1') == {"note": "a, b; c", "wait": "1"}


def test_a_long_unknown_on_timeout_is_truncated_in_the_message() -> None:
    with pytest.raises(InvalidRequest) as error:
        read_preferences("", on_timeout="x" * 100_000, **ONE)
    assert len(str(error.value)) < 100
