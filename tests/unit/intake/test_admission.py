"""How long the next bulk request is delayed, and which one is refused."""

import pytest

from scoring import deadlines
from scoring.intake import admission
from scoring.intake.admission import MAX_LEAD, MAX_PAUSE_SECONDS, BulkAdmission, pause_after
from scoring.intake.errors import TooManyLists
from scoring.signals import lane_notifications

BEHIND = MAX_LEAD + 1


@pytest.mark.parametrize(
    ("queued", "pace", "pause", "why"),
    [
        ({"a": BEHIND, "b": 0}, {"a": 200.0, "b": 1.0}, 0.4, "100 events at 200 a second, less the 0.1 s"),
        ({"a": MAX_LEAD, "b": 0}, {"a": 200.0, "b": 1.0}, 0.0, "as many as may be queued"),
        (
            {"a": BEHIND, "b": BEHIND},
            {"a": 200.0, "b": 12.5},
            0.7,
            "the slower of its lanes: 10 at 12.5 a second",
        ),
        ({"a": BEHIND, "b": BEHIND}, {"a": 500.0, "b": 1_000.0}, 0.1, "the slower of its lanes"),
        ({"a": BEHIND, "b": BEHIND}, {"a": 0.0, "b": 50.0}, 0.1, "one of them whose pace is not known"),
        ({"a": BEHIND, "b": BEHIND}, {"a": 0.0, "b": 0.0}, 0.0, "no pace is known"),
        ({"a": BEHIND, "b": 0}, {"a": 2_000.0, "b": 1.0}, 0.0, "the lane was faster than the list"),
        ({"a": BEHIND, "b": 0}, {"a": 1.0, "b": 1.0}, MAX_PAUSE_SECONDS, "the longest delay"),
    ],
)
def test_the_delay_of_the_next_bulk_request(
    monkeypatch: pytest.MonkeyPatch, queued: dict, pace: dict, pause: float, why: str
):
    monkeypatch.setattr(admission, "bulk_queued", queued.__getitem__)
    monkeypatch.setattr(lane_notifications, "pace_of", pace.__getitem__)
    events = {"a": 100, "b": 10}
    assert pause_after(events, seconds=0.1) == pytest.approx(pause), why


def test_a_list_whose_deadline_passes_while_it_waits_is_refused_and_frees_its_place():
    own = BulkAdmission(1)
    with own._receiving, deadlines.within(0.01), pytest.raises(TooManyLists), own.admit_bulk({}):
        pytest.fail("it was not its turn")
    with own.admit_bulk({}):
        pass


def test_a_list_that_fails_lets_the_next_one_in_without_a_delay(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(admission, "pause_after", lambda *given, **named: pytest.fail("it is held back"))
    own = BulkAdmission(1)
    own.mark_interactive()
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), own.admit_bulk({}):
            raise ValueError("broken")


@pytest.mark.parametrize(("lately", "held"), [(60.0, True), (-1.0, False)])
def test_lists_are_delayed_for_a_while_after_a_client_has_waited(
    monkeypatch: pytest.MonkeyPatch, lately: float, held: bool
):
    took: list[float] = []
    monkeypatch.setattr(admission, "PROCESS_WINDOW_SECONDS", lately)
    monkeypatch.setattr(admission, "pause_after", lambda events, *, seconds: took.append(seconds) or 0.0)
    own = BulkAdmission(1)
    own.mark_interactive()
    with own.admit_bulk({"a": 100}):
        pass
    assert len(took) == held
    assert all(0.0 <= seconds < 60.0 for seconds in took)
