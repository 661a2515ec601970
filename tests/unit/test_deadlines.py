"""Work within a time: what is left of it, and what happens to a wait that outlasts it."""

from threading import Event, get_ident

import pytest

from scoring import deadlines


def test_without_a_deadline_any_wait_may_be() -> None:
    assert deadlines.seconds_left() is None


def test_a_block_ends_with_the_earlier_of_two_deadlines_and_leaves_the_outer_one() -> None:
    with deadlines.within(1_000.0):
        with deadlines.within(10.0), deadlines.within(500.0):
            assert 0.0 < (deadlines.seconds_left() or 0.0) <= 10.0
        assert (deadlines.seconds_left() or 0.0) > 500.0
    assert deadlines.seconds_left() is None


def test_a_thread_whose_time_is_up_is_interrupted_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted, called = set[int](), Event()

    def interrupt(thread: int) -> None:
        interrupted.add(thread)
        called.set()

    monkeypatch.setattr(deadlines, "_interrupters", [interrupt])
    with deadlines.within(0.01):
        assert called.wait(10.0)
        assert deadlines.seconds_left() == 0.0
    assert interrupted == {get_ident()}
