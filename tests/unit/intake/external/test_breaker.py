"""When a service is asked, and when not."""

from scoring.intake.external.breaker import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PROBE_SECONDS,
    ServiceBreaker,
)


def opened(at: float = 0.0) -> ServiceBreaker:
    breaker = ServiceBreaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(at)
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    breaker = ServiceBreaker()
    assert [breaker.failed(0.0) for _ in range(FAILURES_TO_OPEN)] == [False] * (FAILURES_TO_OPEN - 1) + [True]
    assert not breaker.allows(FIRST_PAUSE - 0.01)


def test_a_success_in_between_begins_the_row_again() -> None:
    breaker = ServiceBreaker()
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed(0.0)
    assert not breaker.succeeded()
    breaker.failed(0.0)
    assert breaker.allows(0.0)


def test_after_a_pause_one_caller_probes_and_the_others_do_not_ask() -> None:
    breaker = opened()
    assert breaker.allows(FIRST_PAUSE)
    assert not breaker.allows(FIRST_PAUSE)
    assert breaker.succeeded()
    assert breaker.allows(FIRST_PAUSE)
    assert not breaker.is_open


def test_each_failed_probe_doubles_the_pause_up_to_the_longest() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(8):
        began = now
        while not breaker.allows(now):
            now += 0.5
        pauses.append(now - began)
        assert breaker.failed(now)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_answers_to_questions_from_before_it_opened_lengthen_no_pause() -> None:
    breaker = opened()
    assert not breaker.failed(0.1)
    assert breaker.allows(FIRST_PAUSE)


def test_a_probe_that_was_never_answered_is_replaced() -> None:
    breaker = opened()
    assert breaker.allows(FIRST_PAUSE)
    assert not breaker.allows(FIRST_PAUSE + PROBE_SECONDS - 0.1)
    assert breaker.allows(FIRST_PAUSE + PROBE_SECONDS)
