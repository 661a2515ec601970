"""The figures of exploration with their notes, as its page shows them."""

from typing import NamedTuple

from scoring.admin_kit.formatting import NO_VALUE, count_text, duration_text, money_text, percent_text
from scoring.catalog.event_type import EventType
from scoring.rules.exploration.learned import MIN_EVENTS, ExplorationResults
from scoring.rules.exploration.settings import Exploration


class Figure(NamedTuple):
    """A figure: its label, its value in words, a note, and the address of what it counts ("" for none)."""

    label: str
    value: str
    note: str
    href: str = ""


def figures_of(
    results: ExplorationResults,
    *,
    kind: type[EventType],
    exploration: Exploration | None,
    spent: int,
    decisions: str = "",
) -> list[Figure]:
    """What exploration costs and has taught. `spent`: let through today, in minor units; `decisions`: the
    address of the decisions that let events through.
    """
    currency, positive = kind.base_currency, kind.labels.positive
    today = []
    if exploration and exploration.is_on:
        cap = money_text(exploration.daily_cap, currency)
        today = [Figure("Let through today", money_text(spent, currency), f"of at most {cap}")]
    return [
        *today,
        Figure(
            "Explored events",
            count_text(results.events),
            f"{money_text(results.money, currency)} at stake",
            decisions if results.events else "",
        ),
        Figure(
            "Mature among them", count_text(results.mature), f"older than {duration_text(kind.matures_after)}"
        ),
        Figure(
            "Money lost",
            money_text(results.lost, currency),
            f"{count_text(results.bad)} known to be {positive} so far",
        ),
        _good_figure(results),
    ]


def _good_figure(results: ExplorationResults) -> Figure:
    good = results.good
    if good is None:
        return Figure("Good among would-be blocks", NO_VALUE, f"known from {MIN_EVENTS} mature events on")
    bounds = f"{percent_text(good.low)} to {percent_text(good.high)} (95 %)"
    return Figure(
        "Good among would-be blocks", percent_text(good.share), bounds.replace(" %)", "\N{NO-BREAK SPACE}%)")
    )
