"""Tests compare online states with the log; a difference says whether the states are behind it or wrong."""

import numpy as np
import pytest

from scoring.features import opcodes as op
from scoring.features.compile.plan import lane_plan
from scoring.lanes.lock import held_lane
from scoring.lanes.order import read_head
from scoring.runner.lane_runner import LaneRunner
from scoring.states.store import OnlineStore
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.lane_states import fold_log, is_current

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    pass


@pytest.fixture
def behind(send, work, monkeypatch) -> None:
    """A holder was killed after it had committed its last batch, before it wrote the states."""

    def be_killed(*states: object, **cursors: object) -> None:
        raise Killed

    send(payments(20))
    work()
    send(payments(10, start=20))
    with monkeypatch.context() as killing, held_lane(LANE):
        killing.setattr(OnlineStore, "write", be_killed)
        runner = LaneRunner(LANE)
        with pytest.raises(Killed):
            runner.step()


@pytest.mark.usefixtures("behind")
def test_states_of_a_killed_holder_are_behind_until_the_next_event(send, work):
    assert (read_head(LANE).seq, online_states().seq) == (30, 20)
    assert not is_current(LANE)
    assert online_states() == fold_log(LANE, until=20) != rebuilt_states()
    send(payments(1, start=30))
    work()
    assert is_current(LANE)
    assert online_states() == rebuilt_states() != fold_log(LANE, until=30)


@pytest.mark.usefixtures("behind")
def test_states_that_are_merely_behind_are_named_as_such():
    cursor, head = online_states().place, read_head(LANE)
    explained = rebuilt_states().explain_difference(online_states())
    assert explained[:2] == [
        f"{cursor} (44 entities) differ from the log at {head.cursor} (44) in 39",
        "they are 10 items behind and equal what the log gives up to seq 20",
    ]
    assert explained[-1] == "..."


def test_a_wrong_state_is_named_with_its_words(send, work, online_redis):
    send(payments(5))
    work()
    store = OnlineStore(LANE, lane_plan(LANE).layout_id)
    key = f"{store.prefix}g{store.present().name}:s:0:card-1"
    words = np.frombuffer(online_redis.get(key), dtype="<i8").copy()
    words[op.LATEST], words[op.HEADER] = op.NEVER, 7
    online_redis.set(key, words.tobytes())
    online_redis.delete(f"{key[:-1]}2")
    _, lag, *entities = rebuilt_states().explain_difference(online_states())
    assert lag == "they are 0 items behind and differ from what the log gives up to seq 5"
    assert entities == [
        "card 'card-1': seq 2; latest never != 2026-03-01T12:01:00Z; count/payment[0] 3.45846e-323 != 0",
        "card 'card-2': missing",
    ]
