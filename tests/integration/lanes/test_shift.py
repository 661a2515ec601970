"""A shift at a lane's door and what it leaves to the next."""

import pytest

from scoring.decisions import doorbell
from scoring.decisions.models import Pending
from scoring.decisions.shift import end_shift, work_lane
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def messages(monkeypatch) -> list[str]:
    """Lanes to whose workers a message was sent; nobody works on them."""
    sent: list[str] = []
    monkeypatch.setattr(doorbell, "publish", lambda lane: sent.append(lane) or "")
    return sent


def test_a_shift_works_until_nothing_comes_and_leaves_the_door(send, messages):
    send(payments(10))
    assert work_lane(LANE, linger=0.01) == 10
    assert not Pending.objects.exists()
    assert not doorbell.is_attended(LANE)
    assert messages == [LANE]


def test_an_event_that_comes_while_the_lane_is_handed_over_gets_a_message_of_its_own(
    send, messages, monkeypatch
):
    leave = doorbell.leave_door

    def leave_then_receive(lane: str) -> None:
        leave(lane)
        send(payments(1))  # its message finds the lane taken; its flag still stands when the lane is free

    monkeypatch.setattr(doorbell, "leave_door", leave_then_receive)
    work_lane(LANE, linger=0.01)
    assert messages == [LANE, LANE]


def test_a_process_that_ended_a_shift_early_works_the_next_one(send, messages):
    end_shift()
    send(payments(1))
    assert work_lane(LANE, linger=0.01) == 1
    assert messages == [LANE]
