"""A small lane that declares every kind of feature, and random histories of it that reach every corner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.features.declare import (
    day_of_week,
    distance,
    hour_of_day,
    is_night,
    is_weekend,
    pair,
    years_since,
)
from scoring.features.encode import LaneItem


class Transfer(EventType):
    name = "transfer"
    lane = "bank"
    account = Entity()
    payee = Entity()
    terminal = Entity(optional=True)
    amount = Money()
    fee = Number(optional=True)
    urgent = Flag(optional=True)
    channel = Category(optional=True)
    lat, lon = Number(optional=True), Number(optional=True)
    born = Number(optional=True)
    note = Text(optional=True)

    features = [
        amount,
        channel,
        urgent,
        hour_of_day(),
        day_of_week(),
        years_since(born),
        account.count(over="1m 1h 30d"),
        account.count(over="5m", tile="5s"),
        account.amount.sum(over="1m 24h"),
        account.amount.mean(over="1h 30d"),
        account.amount.std(over="1h"),
        account.fee.sum(over="5m"),
        account.fee.mean(over="5m"),
        account.fee.std(over="1h"),
        account.fee.min(over="5m"),
        account.amount.min(over="1h"),
        account.amount.max(over="1h 40d"),
        payee.fee.max(over="1m"),
        account.distinct(payee, over="1m 1h", cap=2),
        account.distinct(channel, over="30d", cap=3),
        terminal.distinct(account, over="5m", cap=1),
        account.since_last(),
        account.since_first(),
        terminal.since_last(),
        account.since_last_same(payee, cap=2),
        account.since_last_same(terminal, cap=2),
        account.is_new(payee, cap=2),
        account.is_new(terminal, cap=2),
        pair(account, payee).count(over="1h"),
        pair(payee, account).amount.mean(over="24h"),
        pair(terminal, channel).count(over="1h"),
        pair(terminal, payee).is_new(channel, cap=1),
        payee.fraud_share(over="5m 1h", delay="2m"),
        account.fraud_count(over="1h", delay="0m"),
        account.fraud_share(over="5m", delay="7s", tile="5s"),
        account.count(over="1h", of="reversal"),
        account.amount.sum(over="30d", of="reversal"),
        account.since_last(of="reversal"),
        account.count(over="1h", of="login"),
        amount / account.amount.mean(over="1h"),
        (amount - account.amount.mean(over="1h")).named("amount_off"),
        account.count(over="1m") / account.count(over="1h"),
        distance(lat, lon, lat, born).named("strange_distance"),
        account.distance_from_last(lat, lon),
        account.speed_from_last(lat, lon),
        is_weekend(),
        is_night(23, 1),
        is_night(19, 22).named("is_evening"),
        (amount + fee).named("gross"),
        (amount * 2).named("twice"),
        ((amount - account.amount.mean(over="1h")) / account.amount.std(over="1h")).named("amount_z"),
        # Sessions
        account.session(gap="5m").count(),
        account.session(gap="5m").duration(),
        account.session(gap="5m").amount.sum(),
        account.session(gap="5m").fee.sum(),
        account.session(gap="1h", of="login").count(),
        pair(account, payee).session(gap="1m").duration(),
        terminal.session(gap="1h", of="reversal").amount.sum(),
        # The last event
        account.last(amount),
        account.last(fee),
        account.last(urgent),
        account.last(amount, of="reversal"),
        account.changed(payee),
        account.changed(terminal),
        terminal.changed(channel),
        account.changed(terminal, of="login"),
        account.is_new(terminal, of="login", cap=2),
        # Some of the events
        account.count(over="1h", where=amount.below(25)),
        account.count(over="30d", where=amount.at_least(2.5) & channel.is_("web", "app")),
        account.amount.sum(over="24h", where=urgent),
        account.amount.mean(over="1h", where=urgent.is_(False)),
        account.fee.mean(over="1h", where=fee.above(0.1)),
        account.fee.std(over="1h", where=fee.at_most(0.7)),
        account.amount.min(over="5m", where=channel.is_("app")),
        account.amount.max(over="1h", where=is_night(22, 23)),
        payee.fee.max(over="40d", where=is_weekend()),
        account.distinct(payee, over="1h", cap=2, where=urgent & fee.above(0)),
        account.since_last(where=channel.is_("phone")),
        account.since_last(of="reversal", where=amount.above(20)),
        account.amount.sum(over="1h", of="reversal", where=amount.at_most(20)),
        # Texts
        note.length(),
        note.links(),
        note.capitals(),
        note.symbols() / note.digits(),
    ]


class Reversal(EventType):
    name = "reversal"
    lane = "bank"
    scored = False
    account, payee, terminal = Entity(), Entity(), Entity(optional=True)
    amount = Money()


class Login(EventType):
    """A second scored type: shorter vectors, and states that both types share."""

    name = "login"
    lane = "bank"
    account = Entity()
    terminal = Entity(optional=True)
    channel = Category(values=("web", "app"))

    features = [
        channel,
        account.count(over="1h"),
        account.count(over="1h", of="transfer"),
        account.distinct(terminal, over="24h", cap=2),
        terminal.since_last(),
        account.amount.sum(over="1h", of="transfer"),
    ]


MEMBERS = (Transfer, Reversal, Login)
VOCABULARIES = {"transfer": {"channel": ("web", "app")}}

SECOND = 1_000_000
# A Friday, 22:00: near the weekend, on the border of every short tile so that steps meet borders exactly.
START = 472_294 * 3600 * SECOND
# Steps from the latest time to the next event's: ties, tile borders, late, too late, long silence.
STEPS = [
    *[seconds * SECOND for seconds in (0, 0, 0, 0, 0, 1, 4, 5, 25, 60, 150, 300, 1800, 3600)],
    *[days * 86_400 * SECOND for days in (1, 3, 41, -50)],
    *[1, -1, -SECOND, -30 * SECOND, -65 * SECOND, -400 * SECOND, -7200 * SECOND],
]


Event = tuple[str, int, dict[str, Any]]  # type, microseconds after the latest one, fields


@dataclass(frozen=True)
class Lane:
    items: tuple[LaneItem, ...]
    cuts: tuple[int, ...]  # where a bulk run is cut into batches


def money(minor: int, converted: bool) -> dict[str, Any]:
    if not converted:
        return {"minor": minor, "currency": "USD"}
    return {"minor": 7 * minor + 1, "currency": "EUR", "rate": "1.1", "base_minor": minor}


_OPTIONAL = {
    "terminal": st.sampled_from(["t1", "t2", "t3", "t4"]),
    "channel": st.sampled_from(["web", "app", "branch", "phone", "post"]),
    "fee": st.sampled_from([0, 1, -3, 0.1, 0.2, 0.7, 1e-9, 12345.678]),
    "urgent": st.booleans(),
    "lat": st.sampled_from([0, 48.2, -33.9, 90]),
    "lon": st.sampled_from([0, 16.4, 151.2, -180]),
    "born": st.sampled_from([1970, 2001]),
    "note": st.sampled_from(["", "for you", "FREE!!! http://a.example", "1, 2 or 3?", "42"]),
}


@st.composite
def _event(draw: st.DrawFn) -> Event:
    event_type = draw(st.sampled_from(["transfer", "transfer", "transfer", "reversal", "login"]))
    fields: dict[str, Any] = {"account": draw(st.sampled_from(["a1", "a1", "a1", "a2"]))}
    if event_type != "login":
        fields["payee"] = draw(st.sampled_from(["p1", "p2", "p3", "p4"]))
        fields["amount"] = money(draw(st.integers(0, 10**6)), draw(st.booleans()))
    optional = {"transfer": list(_OPTIONAL), "reversal": ["terminal"], "login": ["terminal"]}[event_type]
    for name in optional:
        if draw(st.integers(0, 3)):
            fields[name] = draw(_OPTIONAL[name])
    fields |= Transfer.signals_of({"note": fields.pop("note")}) if "note" in fields else {}
    if event_type == "login":
        fields["channel"] = draw(st.sampled_from(["web", "app"]))
    return event_type, draw(st.sampled_from(STEPS)), fields


_LABEL = st.tuples(st.just("label"), st.integers(0, 30), st.sampled_from(["fraud", "fine", None]))
_UNDO = st.tuples(st.just("undo"), st.integers(0, 30), st.none())


@st.composite
def lanes(
    draw: st.DrawFn, max_size: int = 30, event: Callable[[], st.SearchStrategy[Event]] = _event
) -> Lane:
    """Events, labels (given, changed, retracted) and undone events, in lane order."""
    # Two strategies, not one twice: of equal ones, `one_of` keeps one.
    steps = draw(st.lists(st.one_of(event(), event(), _LABEL, _UNDO), min_size=1, max_size=max_size))
    items: list[LaneItem] = []
    applied: list[LaneItem] = []
    positive: dict[int, bool] = {}
    undone: set[int] = set()
    now = START
    for seq, (what, argument, detail) in enumerate(steps, start=1):
        if what in ("label", "undo"):
            if not applied:
                continue
            earlier = applied[-1 - argument % len(applied)]
            if what == "undo":
                if earlier.seq in undone:
                    continue
                undone.add(earlier.seq)
            delta = 0
            if what == "label":
                delta = int(detail == "fraud") - int(positive.get(earlier.seq, False))
                positive[earlier.seq] = detail == "fraud"
            items.append(
                LaneItem(
                    seq, what, earlier.type, earlier.occurred_at_us, earlier.fields, positive_delta=delta
                )
            )
            continue
        occurred_at = now + argument
        now = max(now, occurred_at)
        applied.append(LaneItem(seq, "event", what, occurred_at, detail))
        items.append(applied[-1])
    cuts = draw(st.sets(st.integers(0, len(items)), max_size=3))
    return Lane(tuple(items), tuple(sorted(cuts)))
