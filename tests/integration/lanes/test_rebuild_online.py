"""`manage.py rebuild --online`: new states during traffic, whatever happens to it or to Redis."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from scoring.decisions.models import Decision
from scoring.features.compile.plan import lane_plan
from scoring.lanes.errors import RebuildUnderWay
from scoring.lanes.lock import held_lane, sole_rebuild
from scoring.lanes.models import Pending
from scoring.lanes.order import LaneHead, read_beginning, read_head
from scoring.offline.export import export_log
from scoring.offline.store import OfflineStore
from scoring.replay.service import replay
from scoring.runner.lane_runner import LaneRunner
from scoring.runner.worker_loop import work_lane
from scoring.states import rebuild as rebuild_online
from scoring.states import restore
from scoring.states import store as online_store
from scoring.states.errors import StaleOnlineState
from scoring.states.layouts import drop_other_layouts
from scoring.states.rebuild import rebuild_as, rebuild_lane
from scoring.states.reorder import MergedOrder, reorder_lane
from scoring.states.restore import PresentOrder, restore_states
from scoring.states.store import OnlineStore, iter_keys, lane_prefix
from tests.factories.payments import payments
from tests.factories.steps import RecordedSteps
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_history import add_history, order
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Watching(RecordedSteps):
    """Acts once, when a step of a rebuild begins or (`on_the_way`) advances."""

    def __init__(self, step: str, act: Callable[[], object], *, on_the_way: bool = False) -> None:
        super().__init__()
        self.step, self.act, self.on_the_way = step, act, on_the_way

    def begin(self, step: str, *, total: int | None = None) -> None:
        super().begin(step, total=total)
        self._act_if(not self.on_the_way)

    def advance(self, count: int) -> None:
        super().advance(count)
        self._act_if(self.on_the_way)

    def _act_if(self, due: bool) -> None:
        if due and self.names[-1] == self.step:
            self.step = ""
            self.act()


@contextmanager
def traffic(send: Callable[..., object]) -> Iterator[None]:
    """A sender and two workers of the lane, each with its own connections; first items are applied."""
    ended, before = threading.Event(), read_head(LANE)
    failed: list[BaseException] = []

    def repeat(act: Callable[[int], object]) -> None:
        try:
            number = 0
            while not ended.is_set():
                act(number)
                number += 1
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            failed.append(error)
        finally:
            connection.close()

    def submit(number: int) -> None:
        send(payments(7, start=1_000 + 7 * number))
        time.sleep(0.005)

    with writer() as first, writer() as second:
        workers = [partial(work_briefly, writer=each) for each in (first, second)]
        threads = [threading.Thread(target=repeat, args=[act], daemon=True) for act in [submit, *workers]]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: failed or read_head(LANE).seq > before.seq)
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()
    assert not failed, failed[0]


@contextmanager
def writer() -> Iterator[Executor]:
    """A worker's thread that writes one batch while the next is computed."""
    with ThreadPoolExecutor(1) as thread:
        yield thread
        thread.submit(connections.close_all)  # those of that thread


def work_briefly(number: int, *, writer: Executor) -> None:
    work_lane(LANE, max_seconds=0.15, linger=0.02, writer=writer)


def assert_every_decision_is_what_the_log_gives() -> None:
    assert online_states() == rebuilt_states()
    again = replay("payment", since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime.now(UTC))
    assert again.first == []
    assert again.identical == again.decisions == Decision.objects.count() > 0


def stored_keys() -> int:
    """The number of keys of the lane's states, leftovers included."""
    return sum(":door:" not in key for key in iter_keys(lane_prefix(LANE)))


def tidy() -> int:
    """The number of keys without leftovers: the states, their cursor and the pointer."""
    return len(online_states()) + 2


def test_a_rebuild_during_traffic_changes_no_value(send, work):
    send(payments(600))
    work()
    before = read_head(LANE)
    with traffic(send):
        rebuilt = [rebuild_lane(LANE)]
        wait_until(lambda: read_head(LANE).seq > rebuilt[0].items)
        rebuilt += [rebuild_lane(LANE) for _ in range(3)]
    work()
    assert rebuilt[0].items > before.seq
    assert rebuilt[-1].items > rebuilt[0].items
    assert_every_decision_is_what_the_log_gives()
    assert stored_keys() == tidy()


def test_a_reorder_during_traffic_has_every_item_once(send, work):
    send(payments(600, start=300))
    work()
    add_history(range(300), labels={number: timedelta(minutes=5) for number in range(0, 300, 7)})
    before = read_head(LANE)
    with traffic(send):
        rebuilt = reorder_lane(LANE, reason="test")
        wait_until(lambda: read_head(LANE).seq > rebuilt.items)
    work()
    places = order()
    assert rebuilt.items > before.seq + 343
    assert len(places) == len(set(places)) == Decision.objects.count() + 343
    history = [place for place in places if int(place.strip("+")) < 300]
    assert places[:343] == history
    assert not Pending.objects.exists()
    assert_every_decision_is_what_the_log_gives()


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (20, ["0", "1", "2", "20", "50", "100", "101", "+0"]),  # the label is not known yet at minute 50
        (95, ["0", "1", "2", "+0", "95", "50", "100", "101"]),  # it is, at minute 95; the lane applies it too
    ],
)
def test_a_label_released_during_a_reorder_is_applied_once(send, work, history, expected):
    add_history(range(3), labels={0: timedelta(minutes=90)})
    reorder_lane(LANE, reason="test")
    send(payments(1, start=50))
    work()
    add_history(range(history, history + 1))

    def apply_the_label() -> None:
        send(payments(2, start=100))
        work()
        assert order()[-1] == "+0"

    reorder_lane(LANE, reason="test", watch=Watching("writing the states", apply_the_label))
    assert order() == expected
    assert not Pending.objects.exists()
    assert online_states() == rebuilt_states()


def test_a_rescore_still_waits_after_a_reorder(send, work):
    send(payments(3))
    work()
    position = Decision.objects.first().event_position
    Pending.objects.create(
        position=position, lane=LANE, kind="rescore", state="waiting", priority=2,
        event_stream="payment/shop/T-0", due_at=timezone.now(), enqueued_at=timezone.now(),
    )  # fmt: skip
    reorder_lane(LANE, reason="test")
    assert Pending.objects.get().position == position


def test_a_holder_of_the_former_generation_is_refused_and_finds_the_new_one(send, work):
    send(payments(40))
    work()
    with held_lane(LANE):
        holder = LaneRunner(LANE)
        expected_cursor = holder.pipeline.head.cursor
        rebuild_lane(LANE)  # locks of one session nest, so this stands for a holder that has lost its lane
        with pytest.raises(StaleOnlineState):
            holder.store.read(["0:card-1"], expected=expected_cursor)
        send(payments(10, start=40))
        while holder.step():
            pass
    assert_every_decision_is_what_the_log_gives()


def test_a_new_order_begins_again_when_a_former_holder_commits_its_last_batch(send, work, monkeypatch):
    add_history(range(3))
    send(payments(2, start=50))
    work()
    conclude, in_flight = MergedOrder.conclude, iter([payments(1, start=60)])

    def conclude_after_that_batch(order: MergedOrder) -> LaneHead:
        if batch := next(in_flight, None):
            send(batch)
            work()  # locks of one session nest, so this stands for a holder that has lost its lane
        return conclude(order)

    monkeypatch.setattr(MergedOrder, "conclude", conclude_after_that_batch)
    assert reorder_lane(LANE, reason="test").items == 6
    assert order() == ["0", "1", "2", "50", "51", "60"]
    assert_every_decision_is_what_the_log_gives()
    assert stored_keys() == tidy()


@pytest.mark.parametrize("step", ["writing the states", "catching up with the lane"])
def test_a_flush_during_a_rebuild_restarts_it(send, work, online_redis, monkeypatch, step):
    monkeypatch.setattr(online_store, "STATES_A_WRITE", 10)
    send(payments(50))
    work()
    watch = Watching(step, online_redis.flushdb, on_the_way=step.startswith("writing"))
    assert rebuild_lane(LANE, watch=watch).items == 50
    assert watch.names.count("folding the log") == 2
    assert online_states() == rebuilt_states()


@pytest.mark.parametrize("lost", [rebuild_online.ATTEMPTS - 1, rebuild_online.ATTEMPTS])
def test_a_rebuild_that_keeps_losing_its_work_fails(send, work, monkeypatch, lost):
    send(payments(5))
    work()
    run, lose = rebuild_online._Rebuild.run, iter(range(lost))

    def run_or_lose(rebuild):
        if next(lose, None) is not None:
            raise StaleOnlineState(LANE, "1:1", None)
        return run(rebuild)

    monkeypatch.setattr(rebuild_online._Rebuild, "run", run_or_lose)
    if lost == rebuild_online.ATTEMPTS:
        with pytest.raises(StaleOnlineState):
            rebuild_lane(LANE)
    else:
        assert rebuild_lane(LANE).entities == len(online_states())


def test_a_flush_during_a_rebuild_that_the_holder_recovers_from_does_no_harm(send, work, online_redis):
    send(payments(50))
    work()

    def flush_and_work() -> None:
        online_redis.flushdb()
        send(payments(5, start=50))
        work()

    assert rebuild_lane(LANE, watch=Watching("catching up with the lane", flush_and_work)).items == 55
    assert_every_decision_is_what_the_log_gives()
    assert stored_keys() == tidy()


def test_a_holder_that_restores_everything_keeps_the_rebuilds_generation(send, work, online_redis):
    send(payments(50))
    work()

    def lose_the_present_states() -> None:
        online_redis.set(OnlineStore(LANE, lane_plan(LANE).layout_id).present().cursor_key, "7:999999")
        send(payments(5, start=50))
        work()

    watch = Watching("catching up with the lane", lose_the_present_states)
    assert rebuild_lane(LANE, watch=watch).items == 55
    assert watch.names.count("folding the log") == 1
    assert_every_decision_is_what_the_log_gives()
    assert stored_keys() == tidy()


def test_an_interrupted_rebuild_changes_nothing_and_is_removed_by_the_next(send, work):
    send(payments(50))
    work()
    before, cursor = online_states(), read_head(LANE).cursor

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    with pytest.raises(Killed):
        rebuild_lane(LANE, watch=Watching("catching up with the lane", kill))
    assert OnlineStore(LANE, lane_plan(LANE).layout_id).cursor() == cursor
    assert online_states() == before
    left = stored_keys()
    rebuild_lane(LANE)
    assert stored_keys() == tidy() < left
    assert online_states() == before


def test_a_second_rebuild_of_a_lane_is_refused(send, work):
    begun, may_end = threading.Event(), threading.Event()

    def rebuild() -> None:
        with sole_rebuild(LANE):
            begun.set()
            may_end.wait(60)
        connection.close()

    first = threading.Thread(target=rebuild)
    first.start()
    begun.wait(60)
    try:
        with pytest.raises(RebuildUnderWay):
            rebuild_lane(LANE)
        with pytest.raises(RebuildUnderWay):
            drop_other_layouts(LANE, now=datetime.now(UTC))
        with pytest.raises(CommandError, match=r"another process is rebuilding .* of lane commerce"):
            call_command("rebuild", online=True, lane=LANE, verbosity=0)
    finally:
        may_end.set()
        first.join()
    rebuild_lane(LANE)


def test_entries_pending_after_the_switch_are_processed_at_once(send, work, monkeypatch):
    notified: list[str] = []
    monkeypatch.setattr(rebuild_online.lane_notifications, "send_task", notified.append)
    rebuild_lane(LANE)
    assert notified == []
    send(payments(1))
    assert notified == [LANE]  # for a worker that finds the lane held
    rebuild_lane(LANE)
    assert notified == [LANE] * 2


@pytest.mark.parametrize(("sequenced", "left"), [(3, 3), (4, 0)], ids=["few left", "more than few left"])
def test_the_lane_is_held_for_few_items_and_none_is_missed(send, work, monkeypatch, sequenced, left):
    monkeypatch.setattr(rebuild_online, "MAX_HELD_ITEMS", 3)
    send(payments(10))
    work()
    order = PresentOrder(lane_plan(LANE), after=read_beginning(LANE))
    asked: list[int] = []
    answers = iter([False, True])

    def sequence(count: int, *, start: int) -> None:
        send(payments(count, start=start, card=f"card of {start}"))
        work()

    @contextmanager
    def ask(lane: str, *, wait: bool, patience: float) -> Iterator[bool]:
        assert wait  # waiting sessions come before those that only try
        asked.append(order.missing())
        sequence(2, start=100 * len(asked))  # what the holder before has sequenced last
        yield next(answers)

    def sequence_meanwhile() -> None:
        sequence(5, start=20)
        watch.step, watch.on_the_way = "catching up with the lane", True
        watch.act = lambda: sequence(sequenced, start=50)

    watch = Watching("writing the states", sequence_meanwhile)
    with monkeypatch.context() as lane_of_another:
        lane_of_another.setattr(rebuild_online, "held_lane", ask)
        rebuilt = rebuild_as(LANE, lambda plan, store: order, watch=watch)
    assert asked == [left, 0]
    assert (rebuilt.lane, rebuilt.items, rebuilt.entities) == (LANE, 19 + sequenced, len(online_states()))
    assert (watch.totals[0], watch.totals[2:]) == (10, [5, 1])
    assert (watch.done[0], watch.done[2:]) == (10, [9 + sequenced, 1])
    assert watch.done[1] == watch.totals[1] < rebuilt.entities
    assert 0 < rebuilt.stood_still < rebuilt.seconds < 3_600
    assert_every_decision_is_what_the_log_gives()
    assert stored_keys() == tidy()


def test_the_wait_for_a_held_lane_ends(send):
    held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with held_lane(LANE):
            held.set()
            may_end.wait(60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    with held_lane(LANE, wait=True, patience=0.05) as got:
        assert not got
    may_end.set()
    with held_lane(LANE, wait=True, patience=60) as got:
        assert got
    holder.join()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_many_missing_items_are_folded_onto_the_existing_states(send, work, monkeypatch):
    send(payments(60))
    work()
    plan = lane_plan(LANE)
    store = OnlineStore(LANE, plan.layout_id)
    earlier, cursor = store.states(), store.cursor()
    send(payments(50, start=60))
    work()
    filling = store.begin(kind="restoring")
    filling.write(earlier.items())
    store.clear(sparing="restoring")
    store.switch(filling, cursor=cursor)
    monkeypatch.setattr(restore, "ITEMS_A_CHUNK", 5)  # whole columns from then on
    monkeypatch.setattr(restore, "_restore_from_beginning", None)
    assert restore_states(plan, store) == read_head(LANE)
    assert store.states() == rebuilt_states()


def test_the_offline_store_gives_the_same_states(send, work, settings, tmp_path):
    settings.OFFLINE_URL = str(tmp_path / "offline")
    send(payments(60))
    work()
    export_log(OfflineStore(), now=datetime.now(UTC))
    send(payments(20, start=60))
    work()
    before = online_states()
    assert rebuild_lane(LANE).items == 80
    assert online_states() == before == rebuilt_states()


def test_a_long_order_is_folded_on_a_cluster_that_can_read_the_offline_store(send, work, monkeypatch):
    send(payments(5))
    work()
    plan, done = lane_plan(LANE), list[int]()
    monkeypatch.setattr(restore, "is_for_a_cluster", lambda items: items == 5)
    monkeypatch.setattr(restore, "fold_states_on_cluster", lambda plan, *, until, store: until)
    order = PresentOrder(plan, after=read_beginning(LANE), store=OfflineStore())
    assert order.states(progress=done.append) == order.conclude() == read_head(LANE)
    assert order.missing() == 0
    assert done == [5]
    alone = PresentOrder(plan, after=read_beginning(LANE))
    assert alone.states().state_count() == len(online_states())


def test_an_offline_store_of_another_log_is_not_read(send, work, settings, tmp_path, caplog):
    settings.OFFLINE_URL = str(tmp_path / "offline")
    send(payments(20))
    work()
    export_log(OfflineStore(), now=datetime.now(UTC))
    manifest = next((tmp_path / "offline" / "manifests").glob("*.json"))
    manifest.write_text(manifest.read_text().replace(" by ", " by 9"))
    assert rebuild_lane(LANE).items == 20
    assert "exported from another log" in caplog.text
    assert online_states() == rebuilt_states()


def command(**options: object) -> str:
    out = StringIO()
    call_command("rebuild", online=True, stdout=out, **options)
    return out.getvalue()


def test_the_command_reports_its_result_and_sequences_history(send, work):
    send(payments(3, start=10))
    work()
    assert command(lane=LANE).startswith("lane commerce: 3 items, ")
    assert read_head(LANE).order == 0
    add_history(range(2))
    said = command()
    assert "lane commerce: 5 items in a new order, " in said
    assert "the lane was paused for" in said
    assert order() == ["0", "1", "10", "11", "12"]
    assert online_states() == rebuilt_states()
    assert "no other layouts" in command(lane=LANE, drop_old_layouts=True)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"online": True, "lane": "trade"}, "Unknown lane 'trade'; the lanes are: commerce"),
        ({"online": True, "projection": ["event"]}, "run the command again with --projection alone"),
        ({"lane": "commerce"}, "--lane and --drop-old-layouts need --online"),
        ({"drop_old_layouts": True}, "--lane and --drop-old-layouts need --online"),
    ],
)
def test_options_that_do_not_go_together_are_refused(transactional_db, online_redis, options, refusal):
    with pytest.raises(CommandError, match=refusal):
        call_command("rebuild", **options)
