"""The overview's tiles of the last 24 hours."""

from dataclasses import replace

from monitoring.models import HourlyWindow
from monitoring.overview.day_tiles import day_tiles, hours_by_type, outcome_shares
from monitoring.overview.page import day_groups
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from tests.factories.catalog import catalog_with
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import QUIET
from tests.unit.monitoring.overview.test_tiles import link, shown

SPACE = "\N{NO-BREAK SPACE}"


def hour(kind: str = "payment", **columns: object) -> HourlyWindow:
    return HourlyWindow(event_type=kind, start=NOW.replace(minute=0), **columns)


def payment() -> type[EventType]:
    return event_type("payment")


def test_amounts_and_decisions_are_shown_by_outcome() -> None:
    window = hour(
        decided_allow=90, decided_review=8, decided_block=2,
        stake_allow=9_000_00, stake_review=800_00, stake_block=20_00, positives=3, fraud_stake=55_00,
    )  # fmt: skip
    assert shown(day_tiles(payment(), [window, hour(decided_allow=0)], link)) == {
        "Allowed": ("9,000.00 USD", f"90 events, 90.0{SPACE}%"),
        "Sent to review": ("800.00 USD", f"8 events, 8.0{SPACE}%"),
        "Blocked": ("20.00 USD", f"2 events, 2.0{SPACE}%"),
        "Confirmed fraud": ("55.00 USD", "3 events labeled"),
    }
    shares = outcome_shares(payment(), [window])
    assert shares == [("allow", 90, 0.9), ("review", 8, 0.08), ("block", 2, 0.02)]
    assert outcome_shares(payment(), [hour()]) == []


def test_amounts_are_summed_over_hours() -> None:
    tiles = shown(day_tiles(payment(), [hour(stake_block=1_50), hour(stake_block=50)], link))
    assert tiles["Blocked"] == ("2.00 USD", "0 events, -")


def test_a_tile_links_to_the_decisions_of_its_type_and_outcome() -> None:
    first = day_tiles(payment(), [hour(decided_allow=1)], link)[0]
    assert first.href == "scoring_decision_changelist?event_type=payment&outcome__exact=allow"


def test_outcomes_that_a_type_declares_have_tiles_and_shares_of_their_own() -> None:
    window = hour("transfer", decided_allow=6, decided_other={"challenge": 3, "limit": 1},
                  stake_other={"limit": 50_00})  # fmt: skip
    with catalog_with("tests.factories.transfers"):
        kind = event_type("transfer")
        tiles, shares = shown(day_tiles(kind, [window], link)), outcome_shares(kind, [window])
    assert [*tiles][:5] == ["Allowed", "Challenged", "Sent to review", "Limited", "Blocked"]
    assert tiles["Challenged"] == ("0.00 USD", f"3 events, 30.0{SPACE}%")
    assert tiles["Limited"] == ("50.00 USD", f"1 event, 10.0{SPACE}%")
    assert [(outcome, count) for outcome, count, _ in shares] == [
        ("allow", 6), ("challenge", 3), ("review", 0), ("limit", 1), ("block", 0),
    ]  # fmt: skip


def test_events_without_amounts_are_counted_under_the_names_that_people_give_their_outcomes() -> None:
    window = hour("content", decided_allow=6, decided_block=1, decided_other={"label": 1}, positives=2)
    assert shown(day_tiles(event_type("content"), [window], link)) == {
        "Allowed": ("6", f"75.0{SPACE}%"),
        "Labeled": ("1", f"12.5{SPACE}%"),
        "Limited": ("0", f"0.0{SPACE}%"),
        "Sent to review": ("0", f"0.0{SPACE}%"),
        "Removed": ("1", f"12.5{SPACE}%"),
        "Confirmed violating": ("2", "labeled"),
    }


def test_only_event_types_with_decisions_or_labels_are_shown_each_with_its_own_hours() -> None:
    paid, posted, labeled = hour(decided_allow=1), hour("content"), hour("content", positives=1)
    assert hours_by_type([paid, posted, hour("gone", decided_allow=1)]) == {payment(): [paid]}
    assert hours_by_type([posted, paid, labeled])[event_type("content")] == [posted, labeled]
    groups = day_groups(replace(QUIET, hours=[paid, labeled]), link)
    assert {group.id: group.title for group in groups} == {
        "day-content": "Last 24 hours: content events",
        "day-payment": "Last 24 hours: payment events",
    }


def test_without_decisions_one_tile_says_so() -> None:
    [group] = day_groups(replace(QUIET, hours=[hour(received=3)]), link)
    assert shown(group.tiles) == {"Decisions": ("0", "no event was decided")}
