"""States of a new layout next to those in use, and the removal of old ones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.lanes.order import read_head
from scoring.log.models import LogEntry
from scoring.states import rebuild as rebuild_online
from scoring.states import restore
from scoring.states.errors import StaleOnlineState
from scoring.states.layouts import OtherLayout, drop_other_layouts
from scoring.states.rebuild import rebuild_lane
from scoring.states.restore import restore_states
from scoring.states.store import OnlineStore
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_rebuild_online import command, stored_keys, tidy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def next_layout(monkeypatch) -> LanePlan:
    """Code with another state layout."""
    return replace(lane_plan(LANE), layout_id="abcdef" + lane_plan(LANE).layout_id[6:])


def test_a_new_layout_is_filled_while_the_old_one_is_in_use(send, work, next_layout, monkeypatch):
    send(payments(30))
    work()
    with monkeypatch.context() as new_code:
        new_code.setattr(rebuild_online, "lane_plan", lambda lane: next_layout)
        rebuild_lane(LANE)
    send(payments(10, start=30))
    work()  # by the code before
    assert online_states() == rebuilt_states()
    monkeypatch.setattr(restore, "_restore_from_beginning", None)
    new = OnlineStore(LANE, next_layout.layout_id)
    assert restore_states(next_layout, new) == read_head(LANE)
    assert new.states() == rebuilt_states()


def test_other_layouts_are_removed_when_unused_for_an_hour(send, work, next_layout):
    send(payments(30))
    work()
    old = OnlineStore(LANE, next_layout.layout_id)
    restore_states(next_layout, old)
    unused = OnlineStore(LANE, "0" * 64)
    unused.begin(kind="restoring").write([("0:a", b"x")])
    send(payments(5, start=30))
    work()  # by this code, in its own layout
    used_at = LogEntry.objects.filter(stream=f"lane/{LANE}").order_by("position")[0].recorded_at

    def drop(*, after: timedelta) -> list[OtherLayout]:
        return drop_other_layouts(LANE, now=used_at + after)

    keys = len(old.states()) + 2
    hour, moment = timedelta(hours=1), timedelta(microseconds=1)
    assert drop(after=hour) == [
        OtherLayout(LANE, "0" * 12, 2, None, dropped=True),
        OtherLayout(LANE, next_layout.layout_id[:12], keys, used_at, dropped=False),
    ]
    assert len(old.states()) == keys - 2
    said = f"layout {next_layout.layout_id[:12]}, {keys} keys, used {used_at:%Y-%m-%d %H:%M} UTC: kept"
    assert said in command(lane=LANE, drop_old_layouts=True)
    assert [other.dropped for other in drop(after=hour + moment)] == [True]
    assert drop(after=2 * hour) == []
    assert stored_keys() == tidy()
    with pytest.raises(StaleOnlineState):
        old.read(["0:card-1"], expected=read_head(LANE).cursor)  # a worker that used it notices, and restores
    assert restore_states(next_layout, old) == read_head(LANE)
    assert old.states() == online_states() == rebuilt_states()
