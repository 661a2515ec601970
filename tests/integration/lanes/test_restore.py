"""States behind the log are brought up to date, or folded from the beginning if that is less work."""

from collections.abc import Callable

import pytest

from scoring.features.compile.plan import lane_plan
from scoring.lanes.order import find_head, read_head
from scoring.states import restore
from scoring.states.restore import restore_states
from scoring.states.store import OnlineStore
from tests.factories.payments import payments
from tests.factories.steps import RecordedSteps
from tests.integration.lanes.conftest import LANE, rebuilt_states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(online_redis) -> OnlineStore:
    return OnlineStore(LANE, lane_plan(LANE).layout_id)


@pytest.fixture
def fall_behind(send, work, store) -> Callable[[int, int], None]:
    """States that reflect the first `applied` items, and a log with `missing` more, five of them an entry."""

    def fall_behind(applied: int, missing: int) -> None:
        send(payments(applied))
        work()
        earlier, cursor = store.states(), store.cursor()
        for start in range(applied, applied + missing, 5):
            send(payments(min(5, applied + missing - start), start=start))
            work()
        store.clear()
        filling = store.begin(kind="restoring")
        filling.write(earlier.items())
        store.switch(filling, cursor=cursor)

    return fall_behind


@pytest.fixture
def five_are_few(monkeypatch) -> None:
    monkeypatch.setattr(restore, "ITEMS_A_CHUNK", 5)
    monkeypatch.setattr(restore, "ITEMS_A_FOLD", 5)


CATCHING_UP, FROM_THE_BEGINNING = (
    ["bringing the states up to date"],
    ["folding the lane", "writing the states"],
)


@pytest.mark.parametrize(
    ("applied", "missing", "steps"),
    [(4, 5, CATCHING_UP), (4, 6, FROM_THE_BEGINNING), (7, 7, CATCHING_UP), (7, 8, FROM_THE_BEGINNING)],
    ids=["few", "more than few and most", "half", "most"],
)
@pytest.mark.usefixtures("five_are_few")
def test_states_are_folded_from_the_beginning_when_most_of_the_lane_is_missing(
    store, fall_behind, applied, missing, steps
):
    fall_behind(applied, missing)
    watch = RecordedSteps()
    assert restore_states(lane_plan(LANE), store, watch=watch) == read_head(LANE)
    assert store.states() == rebuilt_states()
    assert watch.names == steps
    whole = [applied + missing, len(store.states())]
    assert watch.done == watch.totals == (whole if steps == FROM_THE_BEGINNING else [missing])


@pytest.mark.usefixtures("five_are_few")
def test_a_killed_restore_continues_after_its_last_finished_batch(store, fall_behind, monkeypatch):
    class Killed(BaseException):
        pass

    fall_behind(15, 15)
    monkeypatch.setattr(restore, "_restore_from_beginning", None)
    proceed, begun = OnlineStore.continue_present, []

    def proceed_or_die(online, **how):
        begun.append(how)
        if len(begun) == 3:
            raise Killed
        return proceed(online, **how)

    monkeypatch.setattr(OnlineStore, "continue_present", proceed_or_die)
    with pytest.raises(Killed):
        restore_states(lane_plan(LANE), store)
    assert find_head(LANE, cursor_value=store.cursor()).seq == 25
    assert restore_states(lane_plan(LANE), store) == read_head(LANE)
    assert len(begun) == 4
    assert store.states() == rebuilt_states()
