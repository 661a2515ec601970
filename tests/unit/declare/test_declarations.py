"""What declarations make: names, definitions, hashes, values of batch views."""

import inspect
from typing import Any

import numpy as np
import pytest

from scoring.catalog import registry
from scoring.catalog.errors import UnknownEventType, UnknownLane
from scoring.catalog.event_type import RESERVED_NAMES, EventType
from scoring.catalog.fields import Category, Entity, Money, Number
from scoring.declare import BatchValue, Origin, Window
from scoring.declare.errors import CatalogError
from scoring.features.compile.plan import check_catalog, compile_lane, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from tests.factories.catalog import catalog_with
from tests.factories.transfers import Transfer


class Payout(EventType):
    """A counted type without the entity `shop`."""

    name = "payout"
    lane = "shop"
    scored = False
    card = Entity()
    total = Money()


def declare(make_features: Any) -> type[EventType]:
    class Sale(EventType):
        name = "sale"
        lane = "shop"
        card, shop = Entity(), Entity()
        amount, note = Money(), Category(optional=True)
        born = Number(optional=True)
        features = make_features(card, shop, amount, note)

    return Sale


def test_two_features_of_one_name_are_refused_naming_both_lines() -> None:
    def make_features(card: Any, *_: Any) -> list[Any]:
        return [
            card.count(over="1h"),
            card.count(over="24h").named("card_count_1h"),
        ]

    first = inspect.getsourcelines(make_features)[1] + 2
    with pytest.raises(CatalogError, match=rf"line {first + 1}: .*\({__name__}, line {first}\)"):
        compile_lane("shop", [declare(make_features)])


def test_an_event_type_without_a_lane_is_refused() -> None:
    with pytest.raises(CatalogError, match="Lost names no lane"):
        type("Lost", (EventType,), {"name": "lost"})


def test_a_scored_type_needs_an_entity() -> None:
    with pytest.raises(CatalogError, match="Alone has no entity"):
        type("Alone", (EventType,), {"name": "alone", "lane": "shop", "note": Category()})
    type("Counted", (EventType,), {"name": "counted", "lane": "shop", "scored": False, "note": Category()})


def test_an_outcome_that_does_not_exist_is_refused() -> None:
    members = {"name": "odd", "lane": "shop", "failure_outcome": "maybe"}
    with pytest.raises(CatalogError, match="'maybe', not one of allow, review, block"):
        type("Odd", (EventType,), members)


@pytest.mark.parametrize(
    ("outcomes", "problem"),
    [
        (["allow", "review", "block"], "must be a tuple of names"),
        (("allow", "block"), "must begin with allow and end with block, with review between"),
        (("allow", "block", "review"), "must begin with allow and end with block"),
        (("allow", "review", "limit"), "must begin with allow and end with block"),
        (("challenge", "allow", "review", "block"), "must begin with allow and end with block"),
        (("allow", "review", "review", "block"), "names an outcome twice"),
        (
            ("allow", "step-up", "review", "block"),
            "contains 'step-up'; an outcome is a lower-case",
        ),
        (("allow", "quarantined", "review", "block"), "contains 'quarantined'.*at most 10 characters"),
    ],
)
def test_outcomes_out_of_order_or_misnamed_are_refused(outcomes: Any, problem: str) -> None:
    with pytest.raises(CatalogError, match=rf"Odd\.outcomes {problem}"):
        type("Odd", (EventType,), {"name": "odd", "lane": "shop", "outcomes": outcomes})


def test_a_failure_outcome_may_be_one_that_the_type_declares() -> None:
    assert Transfer.failure_outcome == "challenge"
    members = {"name": "odd", "lane": "shop", "outcomes": Transfer.outcomes, "no_model_outcome": "deny"}
    with pytest.raises(CatalogError, match="'deny', not one of allow, challenge, review, limit, block"):
        type("Odd", (EventType,), members)


def test_the_outcomes_of_all_types_are_merged_by_severity() -> None:
    with catalog_with("tests.factories.transfers"):
        assert registry.all_outcomes() == ("allow", "label", "limit", "challenge", "review", "block")
    assert registry.all_outcomes() == ("allow", "label", "limit", "review", "block")


def test_a_field_named_like_a_part_of_every_payload_is_refused() -> None:
    with pytest.raises(CatalogError, match="'currency' is reserved in payloads"):
        type("Odd", (EventType,), {"name": "odd", "lane": "shop", "currency": Category()})


@pytest.mark.parametrize("name", sorted(name for name in RESERVED_NAMES if not name.startswith("__")))
def test_a_field_named_like_a_part_of_every_event_type_is_refused(name: str) -> None:
    with pytest.raises(CatalogError, match=f"{name!r} is reserved in event types"):
        type("Odd", (EventType,), {"name": "odd", "lane": "shop", name: Entity()})


def test_the_built_in_catalog_is_valid() -> None:
    check_catalog()
    payment = lane_plan("commerce").feature_set("payment")
    assert len(payment.names) == len(set(payment.names)) >= 40


def test_errors_for_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownEventType, match=r"known: .*payment, payment_appeal, refund"):
        registry.event_type("paymnet")
    with pytest.raises(UnknownLane, match=r"known: .*commerce"):
        lane_plan("comerce")


def _set_hash(features: Any, **vocabularies: Any) -> tuple[str, str]:
    plan = compile_lane("shop", [declare(features), Payout], {"sale": vocabularies})
    return plan.layout_id, plan.feature_set("sale").hash


def test_the_hash_of_a_set_covers_vocabularies_and_the_layout_does_not() -> None:
    def features(card: Any, shop: Any, amount: Any, note: Any) -> list[Any]:
        return [note, card.count(over="1h")]

    layout, set_hash = _set_hash(features, note=("a", "b"))
    assert _set_hash(features, note=("a", "b")) == (layout, set_hash)
    other_layout, other_hash = _set_hash(features, note=("b", "a"))
    assert other_layout == layout
    assert other_hash != set_hash


def test_the_order_of_declaration_changes_the_set_but_not_the_states() -> None:
    layout, set_hash = _set_hash(lambda card, *_: [card.count(over="1h"), card.amount.mean(over="24h")])
    other_layout, other_hash = _set_hash(
        lambda card, *_: [card.amount.mean(over="24h"), card.count(over="1h")]
    )
    assert other_layout == layout
    assert other_hash != set_hash


def test_wording_and_origin_do_not_change_the_hash_of_a_set() -> None:
    plain = _set_hash(lambda card, *_: [card.count(over="1h").named("busy")])
    worded = _set_hash(lambda card, *_: [card.count(over="1h").named("busy", says="{value} visits")])
    assert plain == worded


def test_a_plan_is_compiled_once_for_the_same_vocabularies() -> None:
    assert lane_plan("commerce", {"payment": {"category": ["a"]}}) is lane_plan(
        "commerce", {"payment": {"category": ("a",)}}
    )


class Taste:
    """What a batch view is to the vocabulary."""

    name, of, entities = "taste", "", ()
    over = Window.parse("90d", Origin.here())

    def __init__(self, definition: object) -> None:
        self.definition = definition

    def unit(self, value: str) -> str:
        return "number"

    def phrase(self, value: str, *, events: str) -> str:
        return f"the {value} of {events}"

    def __getattr__(self, value: str) -> BatchValue:
        return BatchValue(self, value)


def test_a_value_of_a_batch_view_is_read_from_the_item() -> None:
    taste = Taste({"components": 8})
    sale = declare(lambda card, shop, amount, _: [taste.affinity, amount - taste.mean])
    plan = compile_lane("shop", [sale, Payout])
    assert plan.feature_set("sale").names == ("taste_affinity", "amount_minus_taste_mean")
    assert plan.batch_views == {"sale": (taste,), "payout": ()}
    amount = {"minor": 500, "currency": "USD"}
    items = [
        LaneItem(1, "event", "sale", 0, {"amount": amount, "taste.affinity": 0.25, "taste.mean": 400.0}),
        LaneItem(2, "event", "sale", 0, {"amount": amount}),
    ]
    batch = encode(plan, items)
    out = fold(plan, batch, Arena.for_batch(plan, batch))
    assert out[0, :2].tolist() == [0.25, 100.0]
    assert np.isnan(out[1, :2]).all()


def test_the_definition_of_a_batch_view_is_part_of_the_hash_of_a_set() -> None:
    def hash_with(components: int) -> str:
        taste = Taste({"components": components})
        return _set_hash(lambda *_: [taste.affinity])[1]

    assert hash_with(8) == hash_with(8) != hash_with(16)
