"""A feature's definition is its declaration in canonical words: it can be declared from it again."""

from typing import Any

import pytest

from scoring import declare
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number
from scoring.declare import Expression, is_night, pair
from scoring.event_types.payment import Payment
from scoring.features.compile.plan import compile_lane
from tests.contract.lanes import Login, Transfer


class Order(EventType):
    name = "order"
    lane = "shop"
    owner = "orders team"
    card, shop = Entity(), Entity()
    amount, count = Money(), Number(optional=True)
    note, gift = Category(optional=True), Flag(optional=True)


FIELDS: dict[str, Any] = dict(Order.fields)
card, shop, amount, count, note, gift = FIELDS.values()

WRITTEN: list[tuple[Any, str]] = [
    (card.amount.mean(over="24h"), 'card.amount.mean(over="24h")'),
    (card.field("count").sum(over="60m", tile="30s"), 'card.field("count").sum(over="60m", tile="30s")'),
    (pair(card, shop).count(over="1h", tile="5m"), 'pair(card, shop).count(over="1h")'),
    (card.count(over="1h", where=gift), 'card.count(over="1h", where=gift)'),
    (
        card.count(over="1h", where=amount.below(5.0) & note.is_('a "b"') & gift.is_(False)),
        r'card.count(over="1h", where=amount.below(5) & note.is_("a \"b\"") & gift.is_(False))',
    ),
    (
        card.since_last(where=gift & is_night(22, 6), of="refund"),
        'card.since_last(where=gift & is_night(22, 6), of="refund")',
    ),
    (card.distinct(shop, over="1h", cap=32), 'card.distinct(shop, over="1h")'),
    (card.session(gap="30m", of="refund").count(), 'card.session(gap="30m", of="refund").count()'),
    (
        ((amount - card.last(amount)) / 2 + 1).named("odd", says="{value} is odd"),
        '(((amount - card.last(amount)) / 2) + 1).named("odd")',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_a_definition_reads_like_the_declaration(expression: Expression, text: str) -> None:
    assert expression.definition == text


@pytest.mark.parametrize("event_type", [Payment, Transfer, Login])
def test_evaluating_a_definition_gives_the_same_feature(event_type: type[EventType]) -> None:
    words = {name: getattr(declare, name) for name in declare.__all__}
    for feature in declare.iter_features(event_type.features, event_type.origin):
        again = eval(feature.definition, {**words, **event_type.fields, **event_type.batch_views})  # noqa: S307 -- our own text
        assert declare.as_expression(again) == _without_says(feature)
        assert again.name == feature.name


def _without_says(feature: Expression) -> Expression:
    return feature.inner.named(feature.own_name) if isinstance(feature, declare.Named) else feature


def test_a_feature_is_owned_by_the_type_s_owner_or_its_own() -> None:
    class Owned(Order):
        name = "owned"
        features = [
            amount,
            card.count(over="1h").owned_by("cards team"),
            card.count(over="24h").owned_by("cards team").named("busy"),
            *card.amount.sum(over="1h 24h").owned_by("money team"),
        ]

    specs = compile_lane("shop", [Owned]).feature_set("owned").features
    owners = ["orders team", "cards team", "cards team", "money team", "money team"]
    assert [spec.owner for spec in specs] == owners
    assert specs[1].definition == 'card.count(over="1h")'


def test_an_owner_does_not_change_the_hash_of_a_set() -> None:
    def hash_of(feature: Expression) -> str:
        plan = compile_lane("shop", [type("Hashed", (Order,), {"name": "hashed", "features": [feature]})])
        return plan.feature_set("hashed").hash

    assert hash_of(card.count(over="1h")) == hash_of(card.count(over="1h").owned_by("cards team"))
    assert hash_of(card.count(over="1h")) != hash_of(card.count(over="1h", where=gift))


def test_a_bound_may_be_written_with_or_without_decimals() -> None:
    def set_hash(bound: float) -> str:
        features = [card.count(over="1h", where=amount.below(bound))]
        plan = compile_lane("shop", [type("Bound", (Order,), {"name": "bound", "features": features})])
        return plan.feature_set("bound").hash

    assert set_hash(5.0) == set_hash(5)
    assert set_hash(5.5) != set_hash(5)


def test_the_last_name_given_replaces_earlier_ones() -> None:
    named = note.named("first").owned_by("cards team").named("last")
    assert named == note.named("last")
    assert named.owner == "cards team"
    plan = compile_lane("shop", [type("Coded", (Order,), {"name": "coded", "features": [named]})])
    assert plan.feature_set("coded").features[0].unit == "category"  # so a model puts in its own codes


def test_feature_names_tell_what_is_counted() -> None:
    names = {
        "card_count_1h_where_amount_below_5": card.count(over="1h", where=amount.below(5)),
        "card_count_1h_where_amount_at_least_minus_0_5": card.count(over="1h", where=amount.at_least(-0.5)),
        "card_count_1h_where_not_gift_and_note_is_a_b": card.count(
            over="1h", where=gift.is_(False) & note.is_("a/b")
        ),
        "card_count_1h_where_note_is_e_commerce": card.count(over="1h", where=note.is_("e-commerce")),
        "card_refund_session_30m_amount_sum": card.session(gap="30m", of="refund").amount.sum(),
        "card_last_amount": card.last(amount),
        "card_changed_shop": card.changed(shop),
        "amount_plus_count_times_2": amount + count * 2,
    }
    assert {name: feature.name for name, feature in names.items()} == {name: name for name in names}
