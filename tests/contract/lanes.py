"""A small lane that declares every kind of feature, and random histories of it that reach every corner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scoring.catalog.client_fields import TimeZoneName
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.declare import (
    day_of_week,
    distance,
    hour_of_day,
    is_night,
    is_weekend,
    pair,
    years_since,
)
from scoring.features.folding.encode import LaneItem
from scoring.lanes.amendments import AmendedEvent


class Transfer(EventType):
    name = "transfer"
    lane = "bank"
    time_zone_field = "place"
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
    place = TimeZoneName(optional=True)

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
    "place": st.sampled_from(["America/New_York", "Europe/Vienna", "Asia/Kathmandu"]),
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
    fields |= Transfer.signals_of({"note": fields.pop("note")}).values if "note" in fields else {}
    if event_type == "login":
        fields["channel"] = draw(st.sampled_from(["web", "app"]))
    return event_type, draw(st.sampled_from(STEPS)), fields


_LABEL = st.tuples(st.just("label"), st.integers(0, 30), st.sampled_from(["fraud", "fine", None]))
_RETRACTION = st.tuples(st.just("retraction"), st.integers(0, 30), st.none())


class _Story:
    """A lane as a list of steps; the product's own rule for amended events says what each step does."""

    def __init__(self) -> None:
        self.items: list[LaneItem] = []
        self.events: list[AmendedEvent] = []
        self.positions = 0
        self.latest = START

    def tell(self, what: str, argument: int, detail: Any) -> None:
        self.positions += 1
        if what not in ("label", "retraction", "correction"):
            self._receive(what, argument, detail)
        elif self.events:
            event = self.events[-1 - argument % len(self.events)]
            if what == "label":
                said = sum(event.labels.values())
                event.labels[self.positions] = int(detail == "fraud") - said
            elif what == "retraction":
                event.retractions = {self.positions, *event.retractions}
            else:
                event.versions[self.positions] = self._corrected(event, *detail)
            self._apply(event)

    def _receive(self, type_name: str, step: int, fields: dict[str, Any]) -> None:
        version = {"type": type_name, "occurred_at": self._moved(step), "fields": fields}
        self.events.append(AmendedEvent(self.positions, {self.positions: version}, {}))
        self._apply(self.events[-1])

    def _corrected(self, event: AmendedEvent, type_name: str, step: int, fields: dict[str, Any]) -> Any:
        """Other fields where they are of the event's own type, else the same ones at another time."""
        received = event.versions[event.receipt]
        same = type_name == received["type"]
        return {
            "type": received["type"],
            "occurred_at": received["occurred_at"] if same else self._moved(step),
            "fields": fields if same else received["fields"],
        }

    def _moved(self, step: int) -> int:
        moment = self.latest + step
        self.latest = max(self.latest, moment)
        return moment

    def _apply(self, event: AmendedEvent) -> None:
        for kind, at, delta, _ in event.apply(self.positions):
            version = event.versions[at]
            seq, moment = len(self.items) + 1, version["occurred_at"]
            self.items.append(
                LaneItem(seq, kind, version["type"], moment, version["fields"], positive_delta=delta)
            )


@st.composite
def lanes(
    draw: st.DrawFn, max_size: int = 30, event: Callable[[], st.SearchStrategy[Event]] = _event
) -> Lane:
    """Events, labels (given, changed, retracted), corrections and retractions, in lane order."""
    corrections = st.tuples(st.just("correction"), st.integers(0, 30), event())
    # Two strategies, not one twice: of equal ones, `one_of` keeps one.
    steps = st.one_of(event(), event(), _LABEL, corrections, _RETRACTION)
    story = _Story()
    for step in draw(st.lists(steps, min_size=1, max_size=max_size)):
        story.tell(*step)
    cuts = draw(st.sets(st.integers(0, len(story.items)), max_size=3))
    return Lane(tuple(story.items), tuple(sorted(cuts)))
