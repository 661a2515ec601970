"""A lane whose events name several accounts, with random histories, including transfers to oneself."""

from typing import Any

from hypothesis import strategies as st

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number
from scoring.declare import pair
from tests.contract.lanes import STEPS, Event, Lane, lanes, money


class Move(EventType):
    name = "move"
    lane = "accounts"
    sender = Entity(kind="account")
    receiver = Entity(kind="account")
    broker = Entity(kind="account", optional=True)
    device = Entity(optional=True)
    amount = Money()
    fee = Number(optional=True)
    urgent = Flag(optional=True)
    channel = Category(optional=True)
    lat, lon = Number(optional=True), Number(optional=True)

    received = sender.as_(receiver)
    sent_back = pair(sender, receiver).as_(receiver, sender)

    features = [
        amount,
        # Each account in its role in this event
        sender.count(over="1m 1h 30d"),
        receiver.count(over="1h"),
        broker.count(over="1h"),
        sender.amount.sum(over="24h"),
        receiver.amount.mean(over="1h 30d"),
        receiver.fee.std(over="1h"),
        broker.fee.min(over="5m"),
        receiver.amount.max(over="1h"),
        sender.distinct(receiver, over="1m 1h", cap=2),
        receiver.distinct(sender, over="1h", cap=2),
        sender.since_last(),
        receiver.since_last(where=urgent),
        sender.since_first(),
        receiver.since_first(),
        broker.since_first(),
        sender.is_new(receiver, cap=2),
        receiver.since_last_same(sender, cap=2),
        sender.changed(device),
        receiver.changed(sender),
        receiver.last(amount),
        sender.session(gap="5m").amount.sum(),
        receiver.session(gap="5m").count(),
        receiver.fraud_share(over="5m 1h", delay="2m"),
        sender.fraud_count(over="1h", delay="0m"),
        sender.speed_from_last(lat, lon),
        # In other roles
        received.count(over="1h"),
        received.amount.sum(over="24h"),
        received.amount.sum(over="24h", where=amount.at_least(2.5) & channel.is_("web", "app")),
        received.amount.min(over="1h"),
        received.since_last(),
        received.since_last_same(device, cap=2),
        received.distinct(sender, over="1h", cap=2),
        received.last(fee),
        received.session(gap="5m").amount.sum(),
        received.fraud_share(over="1h", delay="2m"),
        received.distance_from_last(lat, lon),
        receiver.as_(sender).amount.mean(over="30d"),
        receiver.as_("broker").count(over="1h"),
        broker.as_(receiver).count(over="1h"),
        amount / received.amount.mean(over="1h"),
        sender.amount.sum(over="24h") / received.amount.sum(over="24h"),
        # Two of them
        pair(sender, receiver).count(over="1h"),
        pair(receiver, sender).amount.sum(over="1h"),
        pair(sender, receiver).since_first(),
        pair(sender, receiver).fraud_count(over="1h", delay="0m"),
        pair(sender, broker).count(over="1h"),
        sent_back.count(over="1h"),
        sent_back.amount.sum(over="24h"),
        sent_back.since_last(),
        pair(sender, device).count(over="1h"),
        pair(receiver, device).is_new(channel, cap=1),
        pair(sender, device).as_(receiver, device).count(over="1h"),
        # From other event types
        sender.count(over="1h", of="visit"),
        receiver.changed(device, of="visit"),
        sender.as_("borrower").amount.sum(over="30d", of="loan"),
        receiver.as_("lender").since_last(of="loan"),
        pair(sender, receiver).as_("lender", "borrower").count(over="1h", of="loan"),
        pair(sender, receiver).as_("borrower", "lender").amount.sum(over="24h", of="loan"),
    ]


class Loan(EventType):
    name = "loan"
    lane = "accounts"
    scored = False
    lender = Entity(kind="account")
    borrower = Entity(kind="account", optional=True)
    amount = Money()


class Visit(EventType):
    """An event of a single account."""

    name = "visit"
    lane = "accounts"
    account = Entity()
    device = Entity(optional=True)

    features = [
        account.count(over="1h"),
        account.since_first(),
        account.as_("receiver").amount.sum(over="1h", of="move"),
        account.as_("sender").distinct(device, over="1h", of="move", cap=2),
        account.as_("sender").is_new(device, of="move", cap=2),
        account.as_("borrower").count(over="1h", of="loan"),
        account.as_("account").since_last(),
        pair(account, device).as_("sender", "device").count(over="1h", of="move"),
    ]


MEMBERS = (Move, Loan, Visit)
VOCABULARIES = {"move": {"channel": ("web", "app")}}

_ACCOUNTS = st.sampled_from(["a1", "a1", "a2", "a3"])
_OPTIONAL = {
    "broker": _ACCOUNTS,
    "device": st.sampled_from(["d1", "d2", "d3"]),
    "channel": st.sampled_from(["web", "app", "post"]),
    "fee": st.sampled_from([0, 1, -3, 0.1, 0.2, 0.7]),
    "urgent": st.booleans(),
    "lat": st.sampled_from([0, 48.2, -33.9]),
    "lon": st.sampled_from([0, 16.4, -180]),
}
_FIELDS = {
    "move": (("sender", "receiver"), tuple(_OPTIONAL)),
    "loan": (("lender",), ("borrower",)),
    "visit": (("account",), ("device",)),
}


@st.composite
def _event(draw: st.DrawFn) -> Event:
    event_type = draw(st.sampled_from(["move", "move", "move", "loan", "visit"]))
    required, optional = _FIELDS[event_type]
    fields: dict[str, Any] = {name: draw(_ACCOUNTS) for name in required}
    if event_type != "visit":
        fields["amount"] = money(draw(st.integers(0, 10**6)), draw(st.booleans()))
    for name in optional:
        if draw(st.integers(0, 3)):
            fields[name] = draw(_OPTIONAL.get(name, _ACCOUNTS))
    return event_type, draw(st.sampled_from(STEPS)), fields


def account_lanes(max_size: int = 30) -> st.SearchStrategy[Lane]:
    return lanes(max_size=max_size, event=_event)
