"""How long the next list is held back, and who stands in line."""

import pytest

from scoring import deadlines
from scoring.intake import backlog, turnstile
from scoring.intake.errors import ListsInLine
from scoring.intake.turnstile import AHEAD, LONGEST_PAUSE, Turnstile, pause_after
from scoring.signals import lane_notifications

BEHIND = AHEAD + 1


@pytest.mark.parametrize(
    ("queued", "pace", "pause", "why"),
    [
        ({"a": BEHIND, "b": 0}, {"a": 200.0, "b": 1.0}, 0.4, "100 events at 200 a second, less the 0.1 s"),
        ({"a": AHEAD, "b": 0}, {"a": 200.0, "b": 1.0}, 0.0, "so many may be queued"),
        (
            {"a": BEHIND, "b": BEHIND},
            {"a": 200.0, "b": 12.5},
            0.7,
            "the slower of its lanes: 10 at 12.5 a second",
        ),
        ({"a": BEHIND, "b": BEHIND}, {"a": 500.0, "b": 1_000.0}, 0.1, "the slower of its lanes"),
        ({"a": BEHIND, "b": BEHIND}, {"a": 0.0, "b": 50.0}, 0.1, "one of them whose pace is not known"),
        ({"a": BEHIND, "b": BEHIND}, {"a": 0.0, "b": 0.0}, 0.0, "no pace is known"),
        ({"a": BEHIND, "b": 0}, {"a": 2_000.0, "b": 1.0}, 0.0, "the lane was quicker than the list"),
        ({"a": BEHIND, "b": 0}, {"a": 1.0, "b": 1.0}, LONGEST_PAUSE, "no longer than that"),
    ],
)
def test_how_long_the_next_list_is_held_back(
    monkeypatch: pytest.MonkeyPatch, queued: dict, pace: dict, pause: float, why: str
):
    monkeypatch.setattr(backlog, "bulk_queued", queued.__getitem__)
    monkeypatch.setattr(lane_notifications, "pace_of", pace.__getitem__)
    events = {"a": 100, "b": 10}
    assert pause_after(events, seconds=0.1) == pytest.approx(pause), why


def test_who_cannot_wait_as_long_as_the_list_before_takes_is_refused_and_leaves_the_line():
    own = Turnstile(1)
    with own._turn, deadlines.within(0.01), pytest.raises(ListsInLine), own.turn({}):
        pytest.fail("it was not its turn")
    with own.turn({}):
        pass


def test_a_list_that_fails_leaves_the_turn_to_the_next_and_is_not_held_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(turnstile, "pause_after", lambda *given, **named: pytest.fail("it is held back"))
    own = Turnstile(1)
    own.note_waiting()
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), own.turn({}):
            raise ValueError("broken")


@pytest.mark.parametrize(("lately", "held"), [(60.0, True), (-1.0, False)])
def test_lists_are_held_back_for_a_while_after_a_client_has_waited(
    monkeypatch: pytest.MonkeyPatch, lately: float, held: bool
):
    took: list[float] = []
    monkeypatch.setattr(turnstile, "SOMEBODY_WAITS_SECONDS", lately)
    monkeypatch.setattr(turnstile, "pause_after", lambda events, *, seconds: took.append(seconds) or 0.0)
    own = Turnstile(1)
    own.note_waiting()
    with own.turn({"a": 100}):
        pass
    assert len(took) == held
    assert all(0.0 <= seconds < 60.0 for seconds in took)
