"""When breakers open and close: a decision table, and a blast from one bad rule."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rules.breaker.configuration import BreakerConfiguration
from scoring.rules.breaker.counting import Observed
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.breaker.tripping import Breaker, Breakers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = BreakerSettings(max_share=0.4, min_events=10, window_s=600, cool_down_s=60)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def rules(settings: BreakerSettings = LIMITS, *, ruleset: int = 7, resets: int = 0) -> BreakerConfiguration:
    reset = {("payment", "shop"): resets} if resets else {}
    return BreakerConfiguration(ruleset, {"payment": settings}, reset)


def feed(breakers: Breakers, outcomes: str, *, seconds: float = 0, source: str = "shop") -> str:
    """The states after events blocked by a rule (r), by the model (m) or not (.): open (o) or closed (-)."""
    states = ""
    for each in outcomes:
        by = ["velocity"] if each == "r" else []
        state = breakers.observe("payment", source, would_block=each != ".", by=by, now=at(seconds))
        states += "o" if state == "open" else "-"
    return states


@pytest.mark.parametrize(
    ("what", "outcomes", "states"),
    [
        ("no block", "." * 20, "-" * 20),
        ("few events, all blocked", "r" * 9, "-" * 9),
        ("the tenth event of which all are blocked", "r" * 10, "-" * 9 + "o"),
        ("four of ten, the limit itself", "rrrr......", "-" * 10),
        ("five of ten", "rrrr......" + "r" * 5, "-" * 10 + "----o"),
        ("blocks by the model count as well", "." * 5 + "mmmmm", "-" * 9 + "o"),
        ("the event that opens is held itself, and all after it", "r" * 13, "-" * 9 + "oooo"),
        ("allowed events while it is open", "r" * 10 + "....", "-" * 9 + "ooooo"),
    ],
)
def test_when_a_breaker_opens(what: str, outcomes: str, states: str) -> None:
    assert feed(Breakers(rules()), outcomes) == states, what


def test_sources_and_event_types_have_breakers_of_their_own() -> None:
    breakers = Breakers(rules())
    feed(breakers, "r" * 10)
    assert feed(breakers, "r", source="partner") == "-"
    assert breakers.observe("refund", "shop", would_block=True, now=NOON) == "closed"


@given(st.integers(0, 500), st.integers(1, 64))
def test_a_blast_from_one_bad_rule_is_tripped_within_50_events_whatever_came_before(
    before: int, batch: int
) -> None:
    breakers = Breakers(BreakerConfiguration(1, {}, {}))
    feed(breakers, "." * before)
    states = "".join(feed(breakers, "r" * batch, seconds=place) for place in range(-(-50 // batch)))
    assert states[49] == "o"


def test_the_entry_says_what_opened_it() -> None:
    breakers = Breakers(rules())
    feed(breakers, ".....rrrmm")
    (entry,) = breakers.entries_to_append()
    assert (entry.stream, entry.expected_version, entry.type) == (
        "breaker/payment/shop",
        0,
        "breaker.tripped",
    )
    assert entry.data == {
        "event_type": "payment",
        "source": "shop",
        "ruleset": 7,
        "limit": "share",
        "share": 0.5,
        "blocks": 5,
        "events": 10,
        "window_s": 600,
        "max_share": 0.4,
        "max_blocks": None,
        "rules": [{"name": "velocity", "blocks": 3}],
        "without_rule": 2,
        "since": "2026-03-01T12:00:00Z",
        "until": "2026-03-01T12:01:00Z",
    }
    assert breakers.entries_to_append() == []


def test_a_number_of_blocks_opens_it_though_their_share_is_small() -> None:
    breakers = Breakers(rules(BreakerSettings(max_share=1, max_blocks=3, min_events=10)))
    assert feed(breakers, "..........r.........r.........r.........r")[-1] == "o"
    (entry,) = breakers.entries_to_append()
    assert (entry.data["limit"], entry.data["blocks"], entry.data["share"]) == ("blocks", 4, 0.1)


class TestClosing:
    def test_it_closes_by_itself_at_the_end_of_the_cool_down(self) -> None:
        breakers = opened()
        assert feed(breakers, "....", seconds=30) == "oooo"
        assert feed(breakers, ".......", seconds=59) == "o" * 7
        assert feed(breakers, ".", seconds=60) == "-"
        (entry,) = breakers.entries_to_append()
        assert (entry.type, entry.data["cause"], entry.expected_version) == ("breaker.closed", "cool_down", 1)

    def test_it_stays_open_while_the_rule_still_blocks_too_many(self) -> None:
        breakers = opened()
        assert feed(breakers, "rrrr", seconds=60) == "oooo"
        (entry,) = breakers.entries_to_append()
        assert entry.type == "breaker.tripped"
        assert (entry.data["since"], entry.data["until"]) == ("2026-03-01T12:00:00Z", "2026-03-01T12:02:00Z")

    def test_it_closes_if_nothing_came_for_a_whole_window(self) -> None:
        breakers = opened()
        assert feed(breakers, "r", seconds=601) == "-"

    def test_a_reset_closes_it_and_forgets_the_events(self) -> None:
        breakers = opened()
        breakers.follow(rules(ruleset=8, resets=8), now=at(5))
        (entry,) = breakers.entries_to_append()
        assert (entry.type, entry.data["cause"], entry.data["ruleset"]) == ("breaker.closed", "reset", 8)
        assert feed(breakers, "r" * 9, seconds=6) == "-" * 9

    def test_a_reset_from_before_it_opened_does_not_close_it(self) -> None:
        breakers = opened()
        breakers.follow(rules(ruleset=8, resets=6), now=at(5))
        assert feed(breakers, "r", seconds=6) == "o"

    def test_a_reset_under_which_it_opened_does_not_close_it(self) -> None:
        breakers = opened()  # under version 7
        breakers.follow(rules(ruleset=8, resets=7), now=at(5))
        assert (feed(breakers, "r", seconds=6), breakers.entries_to_append()) == ("o", [])

    def test_other_limits_or_no_reset_leave_it_open(self) -> None:
        breakers = opened()
        breakers.follow(rules(BreakerSettings(max_share=0.9, min_events=10), ruleset=8), now=at(5))
        assert (feed(breakers, "r", seconds=6), breakers.entries_to_append()) == ("o", [])

    def test_a_closed_breaker_is_not_closed_again(self) -> None:
        breakers = opened()
        breakers.follow(rules(ruleset=8, resets=8), now=at(5))
        breakers.entries_to_append()
        breakers.follow(rules(BreakerSettings(max_share=1), ruleset=9, resets=9), now=at(6))
        assert breakers.entries_to_append() == []

    def test_it_closes_when_switched_off(self) -> None:
        breakers = opened()
        breakers.follow(rules(BreakerSettings(max_share=1)), now=at(5))
        assert feed(breakers, "r" * 20, seconds=6) == "-" * 20
        (entry,) = breakers.entries_to_append()
        assert entry.data["cause"] == "switched_off"


def test_nothing_is_counted_where_breakers_are_switched_off() -> None:
    breakers = Breakers(rules(BreakerSettings(max_share=1)))
    assert feed(breakers, "r" * 5) == "-" * 5
    assert breakers.observed() == {}


def test_new_settings_apply_to_the_events_already_counted() -> None:
    breakers = Breakers(rules())
    feed(breakers, "......rrrr")
    breakers.follow(rules(BreakerSettings(max_share=0.2, min_events=10)), now=NOON)
    assert feed(breakers, ".") == "o"


def test_a_new_holder_goes_on_where_the_last_one_stood() -> None:
    stored = Breaker("payment", "shop", version=3, since=NOON, until=at(60), ruleset=7)
    observed = {("payment", "shop"): [Observed(NOON, ("velocity",))] * 9}
    breakers = Breakers(rules(), [stored], observed=observed)
    assert feed(breakers, "r", seconds=30) == "o"
    assert feed(breakers, "r", seconds=60) == "o"
    (entry,) = breakers.entries_to_append()
    assert (entry.expected_version, entry.data["blocks"]) == (3, 10)


def opened() -> Breakers:
    """Breakers of which that of payments from the shop has opened at noon."""
    breakers = Breakers(rules())
    feed(breakers, "r" * 10)
    breakers.entries_to_append()
    return breakers
