"""Two fields of one kind: each event counts for both accounts, each in its role."""

import math

import pytest

from scoring import declare
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Money, Number
from scoring.declare import pair
from scoring.declare.errors import CatalogError
from scoring.features.compile.plan import compile_lane
from scoring.features.compile.specs import entities_read
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.sentences.feature_descriptions import describe_feature, describe_usual
from scoring.sentences.value_sentences import describe_value
from tests.contract.accounts import MEMBERS, Loan, Move, Visit

HOUR = 3_600_000_000
NOON = 472_222 * HOUR


class Wire(EventType):
    name = "wire"
    lane = "wires"
    sender = Entity(kind="account", says="from this sender")
    receiver = Entity(kind="account", says="to this receiver")
    device = Entity(optional=True, says="on this device")
    amount = Money()

    received = sender.as_(receiver, says="received by this sender")
    returned = pair(sender, receiver).as_(receiver, sender)

    features = [
        sender.count(over="24h"),
        sender.amount.sum(over="24h"),
        received.count(over="24h"),
        received.amount.sum(over="24h"),
        received.since_last(),
        received.distinct(sender, over="24h"),
        receiver.distinct(sender, over="24h"),
        receiver.as_(sender).count(over="24h"),
        sender.is_new(receiver),
        sender.since_first(),
        receiver.fraud_count(over="30d", delay="0d"),
        pair(sender, receiver).count(over="30d"),
        pair(receiver, sender).count(over="30d"),
        returned.count(over="30d"),
        pair(sender, device).count(over="24h"),
    ]  # fmt: skip


PLAN = compile_lane("wires", [Wire])


def wire(seq: int, sender: str, receiver: str, units: int = 1, *, hours: float = 0, **more) -> LaneItem:
    money = {"minor": 100 * units, "currency": "USD"}
    fields = {"sender": sender, "receiver": receiver, "amount": money, **more}
    return LaneItem(seq, "event", "wire", NOON + int(hours * HOUR), fields)


def again(kind, item: LaneItem, seq: int, delta: int = 0) -> LaneItem:
    return LaneItem(seq, kind, item.type, item.occurred_at_us, item.fields, positive_delta=delta)


def last_values(*items: LaneItem) -> dict[str, float]:
    batch = encode(PLAN, items)
    features = PLAN.feature_set("wire")
    out = features.vector_of(fold(PLAN, batch, Arena.for_batch(PLAN, batch)))[-1]
    return dict(zip(features.names, out.tolist(), strict=True))


def test_an_accounts_received_amounts_are_known_when_it_sends() -> None:
    values = last_values(
        wire(1, "ann", "mule", 300, hours=0),
        wire(2, "bob", "mule", 200, hours=1),
        wire(3, "mule", "boss", 490, hours=2),
    )
    assert values["sender_as_receiver_count_24h"] == 2
    assert values["sender_as_receiver_amount_sum_24h"] == 500_00
    assert values["sender_as_receiver_since_last"] == 3600
    assert values["sender_as_receiver_distinct_sender_24h"] == 2
    assert values["sender_count_24h"] == 0  # it has sent nothing yet
    assert values["receiver_as_sender_count_24h"] == 0
    assert values["sender_since_first"] == 7200  # as whatever


def test_an_event_is_read_before_it_counts_for_either_account() -> None:
    values = last_values(wire(1, "ann", "ann", 5))
    assert values["sender_count_24h"] == values["sender_as_receiver_count_24h"] == 0
    assert math.isnan(values["sender_since_first"])


def test_a_transfer_to_oneself_counts_once_as_sender_and_once_as_receiver() -> None:
    values = last_values(wire(1, "ann", "ann", 5), wire(2, "ann", "ann", 7))
    assert values["sender_count_24h"] == 1
    assert values["sender_as_receiver_count_24h"] == 1
    assert values["sender_amount_sum_24h"] == values["sender_as_receiver_amount_sum_24h"] == 500
    assert values["sender_x_receiver_count_30d"] == 1
    assert values["sender_x_receiver_as_receiver_and_sender_count_30d"] == 1


def test_a_pair_has_a_direction_but_the_order_of_its_roles_does_not_matter() -> None:
    values = last_values(
        wire(1, "ann", "bob"), wire(2, "ann", "bob"), wire(3, "bob", "ann"), wire(4, "ann", "bob")
    )
    assert values["sender_x_receiver_count_30d"] == values["receiver_x_sender_count_30d"] == 2
    assert values["sender_x_receiver_as_receiver_and_sender_count_30d"] == 1  # the transfer back


def test_reading_a_pair_only_in_reverse_writes_nothing() -> None:
    """Wires between ann and bob: the last goes back, and finds the two that came."""
    plan = compile_lane(
        "wires", [type("Back", (Wire,), {"name": "wire", "features": [Wire.returned.count(over="30d")]})]
    )
    batch = encode(plan, [wire(1, "ann", "bob"), wire(2, "ann", "bob"), wire(3, "bob", "cat")])
    arena = Arena(plan)
    fold(plan, batch, arena)
    pairs = next(kind.index for kind in plan.entity_kinds if len(kind.fields) == 2)
    written = {key for key in arena.blobs() if key.startswith(f"{pairs}:")}
    assert written == {f"{pairs}:ann\x1fbob", f"{pairs}:bob\x1fcat"}
    out = fold(plan, encode(plan, [wire(4, "bob", "ann")]), arena)
    assert plan.feature_set("wire").vector_of(out).tolist() == [[2.0]]


def test_undoing_a_transfer_removes_it_from_both_accounts() -> None:
    first = wire(1, "ann", "bob", 5)
    values = last_values(first, again("undo", first, 2), wire(3, "bob", "ann", 1))
    assert values["sender_as_receiver_count_24h"] == values["receiver_as_sender_count_24h"] == 0
    assert values["sender_as_receiver_amount_sum_24h"] == 0
    assert values["sender_x_receiver_as_receiver_and_sender_count_30d"] == 0
    assert values["sender_as_receiver_since_last"] == 0  # corrections do not undo a last time


def test_a_label_counts_for_the_account_in_its_role() -> None:
    first = wire(1, "ann", "bob")
    labeled = again("label", first, 2, delta=1)
    assert (
        last_values(first, labeled, wire(3, "cat", "bob", hours=72))["receiver_fraud_count_30d_after_0d"] == 1
    )
    assert (
        last_values(first, labeled, wire(3, "cat", "ann", hours=72))["receiver_fraud_count_30d_after_0d"] == 0
    )


def test_an_account_has_one_state_in_all_its_roles() -> None:
    batch = encode(PLAN, [wire(1, "ann", "bob"), wire(2, "bob", "ann")])
    kinds = {kind.name: kind.index for kind in PLAN.entity_kinds}
    keys = sorted(
        key.partition(":")[2] for key in batch.state_keys() if key.startswith(f"{kinds['account']}:")
    )
    assert keys == ["ann", "bob"]


SENTENCES = [
    ("sender_count_24h", 7, "7 wires from this sender in 24 h"),
    ("sender_as_receiver_count_24h", 7, "7 wires received by this sender in 24 h"),
    ("sender_as_receiver_amount_sum_24h", 700,
     "The total amount of wires received by this sender in 24 h is 7.00 USD"),
    ("sender_as_receiver_since_last", 90, "90 s since the last wire received by this sender"),
    ("sender_as_receiver_since_last", math.nan, "No earlier wire received by this sender is known"),
    ("sender_as_receiver_distinct_sender_24h", 3,
     "3 different senders in wires received by this sender in 24 h"),
    ("receiver_distinct_sender_24h", 3, "3 different senders in wires to this receiver in 24 h"),
    ("receiver_as_sender_count_24h", 2, "2 wires with this receiver as sender in 24 h"),
    ("sender_new_receiver", 1, "This receiver is new for this sender"),
    ("sender_x_receiver_count_30d", 1, "1 wire from this sender to this receiver in 30 d"),
    ("sender_x_receiver_as_receiver_and_sender_count_30d", 1,
     "1 wire with this sender as receiver and this receiver as sender in 30 d"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "sentence"), SENTENCES)
def test_a_sentence_names_the_role_of_an_account(name: str, value: float, sentence: str) -> None:
    spec = next(spec for spec in PLAN.feature_set("wire").features if spec.name == name)
    assert describe_value(spec, value=value) == sentence


def test_the_catalog_says_it_too() -> None:
    specs = {spec.name: spec for spec in PLAN.feature_set("wire").features}
    assert describe_feature(specs["receiver_as_sender_count_24h"]) == (
        "The number of wires with this receiver as sender in the last 24 h."
    )
    assert "the 30-day total of this receiver as sender" in describe_usual(
        specs["receiver_as_sender_count_24h"]
    )
    assert entities_read(specs["sender_as_receiver_count_24h"]) == ["sender"]


@pytest.mark.parametrize("event_type", [Move, Visit, Wire])
def test_a_role_is_part_of_the_definition(event_type: type[EventType]) -> None:
    words = {name: getattr(declare, name) for name in declare.__all__}
    for feature in declare.iter_features(event_type.features, event_type.origin):
        again = declare.as_expression(eval(feature.definition, {**words, **event_type.fields}))  # noqa: S307 -- our own text
        assert (again, again.name) == (feature, feature.name)


def set_hash(*features: object) -> str:
    plan = compile_lane("wires", [type("Hashed", (Wire,), {"name": "hashed", "features": features}), Loan])
    return plan.feature_set("hashed").hash


def test_a_role_is_part_of_the_hash_but_its_notation_is_not() -> None:
    sender, receiver = Wire.fields["sender"], Wire.fields["receiver"]
    by_field, by_name = (sender.as_(role).count(over="1h") for role in (receiver, "receiver"))
    said = sender.as_(receiver, says="coming in to this sender").count(over="1h")
    assert set_hash(by_field) == set_hash(by_name) == set_hash(said)
    assert set_hash(by_field) != set_hash(sender.count(over="1h"))
    assert set_hash(by_field) != set_hash(sender.as_(sender).count(over="1h").named(by_field.name))


class Paid(EventType):
    """One field of each kind, as before there were roles."""

    name, lane = "paid", "shop"
    card, shop = Entity(), Entity(kind="account")
    amount, points, sort = Money(), Number(optional=True), Category(optional=True)
    features = [
        amount,
        card.count(over="1h 30d"),
        card.points.max(over="1h", where=amount.above(5)),
        card.distinct(shop, over="24h"),
        card.session(gap="30m").amount.sum(),
        card.last(amount),
        card.changed(sort),
        card.since_first(),
        shop.fraud_share(over="7d", delay="1d"),
        pair(card, shop).since_last(),
        shop.count(over="24h", of="booked"),
    ]


class Booked(EventType):
    name, lane, scored = "booked", "shop", False
    holder = Entity(kind="account")


def test_layouts_and_hashes_of_types_with_one_field_per_kind_stay_the_same() -> None:
    """These hashes were computed before an event could name two entities of a kind."""
    plan = compile_lane("shop", [Paid, Booked])
    assert plan.layout_id == "54b9516dcff6e85fde6c2d5812f591a31f9b5ad645cb6bcdf83a4d83d295c316"
    assert plan.feature_set("paid").hash == "980f7816b9f810ccdabc88940995d162be4d6f6bebed79729548eed82f823f3c"


def test_a_second_field_of_a_kind_makes_another_layout() -> None:
    """Its events touch states that they did not touch before."""

    class Gift(EventType):
        name, lane, scored = "gift", "shop", False
        giver, taker = Entity(kind="account"), Entity(kind="account")

    class Alone(EventType):
        name, lane, scored = "gift", "shop", False
        giver = Entity(kind="account")

    layouts = {compile_lane("shop", [Paid, Booked, other]).layout_id for other in (Gift, Alone)}
    assert len(layouts) == 2


def test_three_fields_of_a_kind_are_three_roles() -> None:
    plan = compile_lane("accounts", MEMBERS)
    keys = [fields for _, fields in plan.encodings["move"].keys[0]]
    assert [fields for fields in keys if len(fields) == 1] == [("sender",), ("receiver",), ("broker",)]


def test_a_feature_that_counts_an_ambiguous_field_is_refused_with_what_to_write() -> None:
    account = Entity()
    body = {"name": "visit", "lane": "wires", "account": account}
    visit = type("Asks", (EventType,), {**body, "features": [account.count(over="1h", of="wire")]})
    with pytest.raises(CatalogError) as refused:
        compile_lane("wires", [visit, Wire])
    assert refused.value.problem == (
        "wire has several fields of kind 'account': sender, receiver; say which one is meant:"
        ' account.as_("sender")'
    )
