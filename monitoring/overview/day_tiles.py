"""The overview's tiles of the last 24 hours, for each event type: decisions by outcome, and labels."""

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter

from monitoring.models import HourlyWindow
from monitoring.overview.tiles import Linker, Tile
from scoring.admin_kit.formatting import NO_VALUE, count_text, money_text, percent_text
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Money
from scoring.catalog.registry import event_types

OUTCOME_WORDS = {
    "allow": "Allowed",
    "label": "Labeled",
    "challenge": "Challenged",
    "review": "Sent to review",
    "limit": "Limited",
    "block": "Blocked",
    "remove": "Removed",
}

Hours = Sequence[HourlyWindow]


def hours_by_type(hours: Hours) -> dict[type[EventType], list[HourlyWindow]]:
    """The windows of each scored event type that has decisions or labels, in the order of the catalog."""
    by_type: dict[type[EventType], list[HourlyWindow]] = {}
    for kind in event_types().values():
        own = [window for window in hours if window.event_type == kind.name]
        if kind.scored and any(window.decided or window.positives for window in own):
            by_type[kind] = own
    return by_type


def day_tiles(kind: type[EventType], hours: Hours, link: Linker) -> list[Tile]:
    """Decisions of an event type by its outcomes, with amounts if it has any; and what labels confirmed."""
    decided = sum(window.decided for window in hours)
    return [
        *(_outcome_tile(kind, outcome, hours, decided, link) for outcome in kind.outcomes),
        _confirmed_tile(kind, hours, link),
    ]


def _outcome_tile(kind: type[EventType], outcome: str, hours: Hours, decided: int, link: Linker) -> Tile:
    count = sum(window.decided_as(outcome) for window in hours)
    amount = money(kind, hours, partial(HourlyWindow.stake_of, outcome=outcome))
    share = percent_text(count / decided) if decided else NO_VALUE
    return Tile(
        outcome_words(kind, outcome),
        amount or count_text(count),
        f"{events_text(count)}, {share}" if amount else share,
        href=link("scoring_decision_changelist", query=f"?event_type={kind.name}&outcome__exact={outcome}"),
    )


def _confirmed_tile(kind: type[EventType], hours: Hours, link: Linker) -> Tile:
    count = sum(window.positives for window in hours)
    amount = money(kind, hours, attrgetter("fraud_stake"))
    return Tile(
        f"Confirmed {kind.labels.positive}",
        amount or count_text(count),
        f"{events_text(count)} labeled" if amount else "labeled",
        href=link("scoring_label_changelist"),
    )


def outcome_words(kind: type[EventType], outcome: str) -> str:
    """The heading of an outcome's tile, by the name that people give it."""
    title = kind.outcome_title(outcome)
    return OUTCOME_WORDS.get(title, title.capitalize())


def events_text(count: int) -> str:
    return f"{count_text(count)} {'event' if count == 1 else 'events'}"


def money(kind: type[EventType], hours: Hours, amount: Callable[[HourlyWindow], int]) -> str:
    """The sum of an amount in the type's base currency; "" if its events have no amounts."""
    if not any(isinstance(field, Money) for field in kind.fields.values()):
        return ""
    return money_text(sum(map(amount, hours)), kind.base_currency)


def outcome_shares(kind: type[EventType], hours: Hours) -> list[tuple[str, int, float]]:
    """(outcome, decisions, share) for each outcome of the type; empty without decisions."""
    counts = {outcome: sum(window.decided_as(outcome) for window in hours) for outcome in kind.outcomes}
    total = sum(counts.values())
    return [(outcome, count, count / total) for outcome, count in counts.items()] if total else []
