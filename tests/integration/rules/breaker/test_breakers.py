"""Breakers are set and reset in the ruleset, and a new holder of the lane goes on where the last one was."""

from datetime import timedelta
from typing import Any

import pytest
import redis

from scoring.log.append import append
from scoring.log.projections import registered
from scoring.log.rebuild import rebuild_projections
from scoring.rules.breaker import handover, restoring
from scoring.rules.breaker.changing import change_settings, reset_breaker, settings_of
from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.counting import Observed
from scoring.rules.breaker.errors import BreakerInvalid, BreakerNotOpen, BreakerUnchanged
from scoring.rules.breaker.handover import keep_events, kept_events
from scoring.rules.breaker.models import BreakerChange, BreakerState, StoredBreakerSettings
from scoring.rules.breaker.restoring import read_breakers
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.breaker.tripping import Breakers
from scoring.rules.ruleset.errors import ReasonRequired
from scoring.rules.ruleset.stream import current_version, iter_changes
from scoring.signals import redis_connections as connections
from tests.factories.exploring import blocked_by_rules, decide_all
from tests.factories.log import NOW

pytestmark = pytest.mark.django_db

TEN = BreakerSettings(max_share=0.4, min_events=10, window_s=600, cool_down_s=60)
RULES = BreakerConfiguration(3, {"payment": TEN}, {})
ALLOWED: dict[str, Any] = {"outcome": "allow"}


def trip() -> None:
    """Open the breaker of payments from the shop, as the holder of the lane does."""
    breakers = Breakers(RULES)
    for _ in range(10):
        breakers.observe("payment", "shop", would_block=True, by=["velocity"], now=NOW)
    append(breakers.entries_to_append(), now=NOW)


def reset() -> None:
    reset_breaker("payment", "shop", reason="the rule is archived", actor="user/lea", now=NOW)


class TestSettings:
    def test_the_defaults_hold_until_they_are_changed(self) -> None:
        assert settings_of("payment") == BreakerSettings()
        change_settings("payment", TEN, reason="small shop", actor="user/lea", now=NOW)
        assert settings_of("payment") == TEN
        (entry,) = iter_changes()
        assert (entry.type, entry.metadata["actor"]) == ("breaker.changed", "user/lea")
        assert entry.data == {"event_type": "payment", **TEN.as_data(), "reason": "small shop"}

    def test_what_is_not_allowed_changes_nothing(self) -> None:
        with pytest.raises(BreakerUnchanged):
            change_settings("payment", BreakerSettings(), reason="as before", actor="user/lea", now=NOW)
        with pytest.raises(BreakerInvalid):
            change_settings(
                "payment", BreakerSettings(min_events=1), reason="as before", actor="user/lea", now=NOW
            )
        assert current_version() == 0

    def test_a_change_needs_a_reason(self) -> None:
        with pytest.raises(ReasonRequired, match="a reason must say why the limits of payment change"):
            change_settings("payment", TEN, reason="  ", actor="user/lea", now=NOW)


class TestReset:
    def test_a_reason_is_stored_without_the_digits_of_card_numbers(self) -> None:
        reason = "blasts with 4111 1111 1111 1111"
        entry = change_settings("payment", TEN, reason=reason, actor="user/lea", now=NOW)
        assert "4111 1111 1111 1111" not in entry.data["reason"]

    def test_a_reset_needs_a_reason(self) -> None:
        trip()
        with pytest.raises(ReasonRequired, match="why the breaker of payment from shop is reset"):
            reset_breaker("payment", "shop", reason="", actor="user/lea", now=NOW)

    def test_an_open_breaker_is_closed_at_once(self) -> None:
        trip()
        reset()
        state = BreakerState.objects.get()
        assert (state.until, state.closed_cause, state.closed_by) == (None, "reset", "user/lea")

    def test_a_breaker_that_is_not_open_is_not_reset(self) -> None:
        with pytest.raises(BreakerNotOpen, match="the breaker of payment from shop is not open"):
            reset()
        trip()
        reset()
        with pytest.raises(BreakerNotOpen):
            reset()
        assert current_version() == 1

    def test_the_lane_follows_and_says_so(self) -> None:
        trip()
        reset()
        breakers = read_breakers(["payment"], RULES, now=NOW)
        breakers.follow(BreakerConfiguration(4, RULES.settings, {("payment", "shop"): 4}), now=NOW)
        append(breakers.entries_to_append(), now=NOW)
        changes = BreakerChange.objects.order_by("position").values_list("change", flat=True)
        assert list(changes) == ["tripped", "reset"]  # already closed, so there is nothing to say

    def test_a_breaker_that_opened_before_the_lane_saw_the_reset_is_closed_by_the_lane(self) -> None:
        trip()
        reset()
        breakers = Breakers(RULES)
        for _ in range(10):
            breakers.observe("payment", "shop", would_block=True, now=NOW)
        breakers.follow(BreakerConfiguration(4, RULES.settings, {("payment", "shop"): 4}), now=NOW)
        assert [entry.type for entry in breakers.entries_to_append()] == ["breaker.tripped", "breaker.closed"]


class TestANewHolder:
    def test_finds_the_breaker_open(self) -> None:
        trip()
        breakers = read_breakers(["payment"], RULES, now=NOW)
        state = breakers.observe("payment", "shop", would_block=False, now=NOW + timedelta(seconds=59))
        assert state == "open"
        breakers.observe("payment", "shop", would_block=False, now=NOW + timedelta(seconds=60))
        (entry,) = breakers.entries_to_append()
        assert (entry.type, entry.expected_version) == ("breaker.closed", 1)

    def test_counts_the_decisions_of_the_last_one_with_their_rules(self) -> None:
        held = {"outcome": "review", "initial": "block"}
        decide_all(
            [ALLOWED] * 5 + [blocked_by_rules("velocity", "country") | held] * 3 + [blocked_by_rules()]
        )
        breakers = read_breakers(["payment"], RULES, now=NOW)
        assert breakers.observe("payment", "shop", would_block=True, now=NOW) == "open"
        (entry,) = breakers.entries_to_append()
        assert (entry.data["blocks"], entry.data["events"], entry.data["without_rule"]) == (5, 10, 2)
        assert entry.data["rules"] == [{"name": "country", "blocks": 3}, {"name": "velocity", "blocks": 3}]

    @pytest.mark.parametrize(
        ("what", "data"),
        [
            ("blocks by a block list", {"outcome": "block", "decided_by": "list"}),
            ("decisions of the failure policy, outside the lane's order", {"outcome": "block", "seq": None}),
            ("reviews", {"outcome": "review"}),
        ],
    )
    def test_does_not_count_as_would_be_blocks(self, what: str, data: dict[str, Any]) -> None:
        decide_all([data] * 9)
        breakers = read_breakers(["payment"], RULES, now=NOW)
        assert breakers.observe("payment", "shop", would_block=True, now=NOW) == "closed", what

    def test_does_not_count_decisions_from_before_a_reset(self) -> None:
        decide_all([blocked_by_rules("velocity")] * 9)
        trip()
        reset()
        breakers = read_breakers(["payment"], RULES, now=NOW)
        assert breakers.observe("payment", "shop", would_block=True, now=NOW) == "closed"

    def test_does_not_count_decisions_of_other_sources_or_from_before_the_window(self) -> None:
        decide_all([blocked_by_rules()] * 9, source="partner")
        breakers = read_breakers(["payment"], RULES, now=NOW)
        assert breakers.observe("payment", "shop", would_block=True, now=NOW) == "closed"
        late = NOW + timedelta(seconds=700)
        breakers = read_breakers(["payment"], RULES, now=late)
        assert breakers.observe("payment", "partner", would_block=True, now=late) == "closed"

    def test_reads_page_by_page_and_no_further_than_the_window(
        self, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
    ) -> None:
        monkeypatch.setattr(restoring, "FIRST_PAGE", 2)
        monkeypatch.setattr(restoring, "PAGE", 3)
        decide_all([blocked_by_rules()] * 20, seconds=100)
        with django_assert_num_queries(5):  # the states, three pages of 2, 3, 3 decisions, their rules
            read_breakers(["payment"], RULES, now=NOW + timedelta(seconds=1900))

    def test_reads_nothing_where_breakers_are_switched_off(self, django_assert_num_queries: Any) -> None:
        decide_all([blocked_by_rules()] * 9)
        off = BreakerConfiguration(1, {"payment": BreakerSettings(max_share=1)}, {})
        with django_assert_num_queries(1):
            read_breakers(["payment"], off, now=NOW)


class TestHandover:
    """What the last holder counted is kept in Redis at the cursor of the lane."""

    CURSOR = "12:345"

    @pytest.fixture(autouse=True)
    def counted(self, online_redis: redis.Redis) -> None:
        """Nine would-be blocks of payments from the shop, one by the model."""
        connections.client.cache_clear()
        breakers = Breakers(RULES)
        for by in ([], *[["velocity"]] * 8):
            breakers.observe("payment", "shop", would_block=True, by=by, now=NOW)
        breakers.observe("payment", "partner", would_block=False, now=NOW)
        keep_events("commerce", breakers.observed(), cursor=self.CURSOR)

    def taken_over(self, *event_types: str) -> Breakers:
        kept = kept_events("commerce", cursor=self.CURSOR)
        return read_breakers(event_types or ("payment",), RULES, now=NOW, kept=kept)

    def test_the_next_holder_goes_on_with_every_event_and_rule(self) -> None:
        breakers = self.taken_over()
        assert breakers.observe("payment", "shop", would_block=True, now=NOW) == "open"
        (entry,) = breakers.entries_to_append()
        assert (entry.data["rules"], entry.data["without_rule"]) == ([{"name": "velocity", "blocks": 8}], 2)

    def test_at_another_cursor_or_for_another_lane_nothing_is_kept(self) -> None:
        assert kept_events("commerce", cursor="13:346") is None
        assert kept_events("posts", cursor=self.CURSOR) is None

    def test_events_from_before_a_reset_are_void(self) -> None:
        trip()
        reset()
        BreakerState.objects.update(counted_from=346)
        assert self.taken_over().observe("payment", "shop", would_block=True, now=NOW) == "closed"

    def test_a_reset_that_the_last_holder_has_seen_changes_nothing(self) -> None:
        trip()
        reset()
        BreakerState.objects.update(counted_from=345)
        assert self.taken_over().observe("payment", "shop", would_block=True, now=NOW) == "open"

    def test_event_types_that_the_lane_no_longer_has_are_left_out(self) -> None:
        assert self.taken_over("refund").observed() == {}

    def test_too_many_events_are_not_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(handover, "MAX_EVENTS", 1)
        two = {("payment", "shop"): [Observed(NOW, None)] * 2}
        keep_events("commerce", two, cursor="13:346")
        assert kept_events("commerce", cursor="13:346") is None

    def test_a_redis_that_does_not_answer_is_like_one_that_kept_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*arguments: object, **options: object) -> None:
            raise redis.ConnectionError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(redis.Redis, "execute_command", refuse)
            keep_events("commerce", {}, cursor=self.CURSOR)
            assert kept_events("commerce", cursor=self.CURSOR) is None


def test_a_rebuild_gives_the_same_rows() -> None:
    change_settings("payment", TEN, reason="small shop", actor="user/lea", now=NOW)
    trip()
    reset()
    tables = (BreakerState, BreakerChange, StoredBreakerSettings)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    names = {table._meta.db_table for table in tables}
    rebuild_projections([each for each in registered() if each.table.name in names])
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
