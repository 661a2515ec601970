"""Several feature sets of an event type: none depends on the presence of another."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Money
from scoring.declare.errors import CatalogError
from scoring.features.compile.plan import LanePlan, compile_lane, feature_digest
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from tests.contract.lanes import Lane, Login, Reversal, Transfer, lanes

VOCABULARIES = {"transfer": {"channel": ("web", "app")}}


def transfers(features: Sequence[Any], earlier: Mapping[str, Sequence[Any]] | None = None) -> LanePlan:
    """The lane of the contract tests, in which transfers have these features and nothing else has any."""
    members = {"features": features, "earlier_features": earlier or {}}
    transfer = type("Transfer", (Transfer,), members)
    login = type("Login", (Login,), {"features": [Login.channel]})
    return compile_lane("bank", [transfer, Reversal, login], VOCABULARIES)


T = Transfer
OLD = [
    T.amount,
    T.channel,
    T.account.count(over="1h"),
    T.account.since_first(),
    T.account.since_last(),
    T.account.amount.mean(over="1h"),
    T.account.distinct(T.payee, over="1h", cap=1),
    T.account.is_new(T.payee, cap=1),
    T.payee.fraud_share(over="5m", delay="2m"),
    T.account.session(gap="1h").count(),
    T.account.last(T.amount),
    T.account.count(over="1h", where=T.urgent),
]
NEW = [
    T.account.count(over="1h"),
    T.account.amount.mean(over="1h 30d"),
    T.account.count(over="1h", of="reversal"),
    T.account.count(over="1h", of="login"),
    T.account.distinct(T.payee, over="1h", cap=3),
    T.account.is_new(T.payee, cap=3),
    T.payee.fraud_share(over="1h", delay="0m"),
    T.payee.since_last(of="reversal"),
    T.account.session(gap="5m").duration(),
    T.account.last(T.fee),
    T.account.count(over="1h", where=T.fee.above(3)),
    T.amount,
]
BOTH, OLD_ALONE, NEW_ALONE = transfers(NEW, {"2026-10": OLD}), transfers(OLD), transfers(NEW)


@given(lanes())
def test_a_set_has_the_same_values_alone_and_next_to_another(lane: Lane) -> None:
    rows = {plan: fold(plan, encode(plan, lane.items), Arena(plan)) for plan in (BOTH, OLD_ALONE, NEW_ALONE)}
    newest, earlier = BOTH.feature_sets("transfer")
    for beside, alone in ((newest, NEW_ALONE), (earlier, OLD_ALONE)):
        own = alone.feature_set("transfer")
        assert beside.names == own.names
        transferred = [item.kind == "event" and item.type == "transfer" for item in lane.items]
        of_both, of_one = rows[BOTH][transferred], rows[alone][transferred]
        assert beside.vector_of(of_both).tobytes() == own.vector_of(of_one).tobytes()
        assert beside.context_of(of_both).tobytes() == own.context_of(of_one).tobytes()


def test_the_hash_of_a_set_does_not_depend_on_what_is_declared_beside_it() -> None:
    newest, earlier = BOTH.feature_sets("transfer")
    for beside, alone in ((newest, NEW_ALONE), (earlier, OLD_ALONE)):
        own = alone.feature_set("transfer")
        assert (beside.hash, beside.declared) == (own.hash, own.declared)
        assert list(map(feature_digest, beside.features)) == list(map(feature_digest, own.features))
    assert len({plan.layout_id for plan in (BOTH, OLD_ALONE, NEW_ALONE)}) == 3


def test_two_sets_share_the_column_of_a_common_value() -> None:
    newest, earlier = BOTH.feature_sets("transfer")
    shared = {"amount", "account_count_1h", "account_amount_mean_1h"}
    places = [dict(zip(each.names, each.columns.tolist(), strict=True)) for each in (newest, earlier)]
    assert {name for name in places[0] if places[1].get(name) == places[0][name]} == shared
    assert BOTH.width < OLD_ALONE.width + NEW_ALONE.width
    kept = np.concatenate([each.columns for each in (newest, earlier)])
    assert len(set(kept.tolist())) == len(OLD) + len(newest.names) - len(shared)


def test_sets_are_found_by_their_hash_under_a_vocabulary() -> None:
    newest, earlier = BOTH.feature_sets("transfer")
    assert BOTH.feature_set("transfer") is newest
    assert BOTH.find_feature_set("transfer", earlier.hash) is earlier
    assert BOTH.find_feature_set("transfer", "0" * 64) is None
    assert (earlier.hash == earlier.declared, newest.hash == newest.declared) == (
        False,
        True,
    )  # has a category
    plain = compile_lane("bank", [type("Transfer", (Transfer,), {"features": OLD}), Reversal, Login])
    assert plain.feature_set("transfer").hash == earlier.declared


def test_one_name_may_mean_different_things_in_different_sets() -> None:
    plan = transfers([T.account.count(over="24h").named("busy")], {"before": [OLD[2].named("busy")]})
    newest, earlier = plan.feature_sets("transfer")
    assert newest.names == earlier.names == ("busy",)
    items = [
        LaneItem(1, "event", "transfer", time, {"account": "a", "payee": "p", "amount": {"minor": 1}})
        for time in (0, 7_200_000_000)
    ]
    row = fold(plan, encode(plan, items), Arena(plan))[1]
    assert (newest.vector_of(row).tolist(), earlier.vector_of(row).tolist()) == ([1.0], [0.0])


def declare(earlier: Any) -> type[EventType]:
    class Sale(EventType):
        name, lane = "sale", "shop"
        card = Entity()
        amount, note = Money(), Category(optional=True)
        features = [amount, card.count(over="1h")]
        earlier_features = earlier(card, amount)

    return Sale


BAD = [
    (lambda card, _: {"a": [card.count(over="1h"), card.count(over="1h")]}, "already has a feature"),
    (lambda card, _: {"a": [card.amonut.sum(over="1h")]}, "sale has no field 'amonut'"),
]
TWICE = [
    (lambda card, amount: {"a": [amount, card.count(over="1h")]}, "['a'] is the same as another set"),
    (
        lambda card, _: {"a": [card.since_last()], "b": [card.since_last()]},
        "['b'] is the same as another",
    ),
]


@pytest.mark.parametrize(("earlier", "problem"), BAD, ids=[problem for _, problem in BAD])
def test_a_bad_feature_of_an_earlier_set_is_refused_with_its_line(earlier: Any, problem: str) -> None:
    with pytest.raises(CatalogError, match=problem) as refused:
        compile_lane("shop", [declare(earlier)])
    assert (refused.value.module, refused.value.line) == (__name__, inspect.getsourcelines(earlier)[1])


@pytest.mark.parametrize(("earlier", "problem"), TWICE, ids=[problem for _, problem in TWICE])
def test_a_set_that_is_declared_twice_is_refused_naming_the_event_type(earlier: Any, problem: str) -> None:
    sale = declare(earlier)
    with pytest.raises(CatalogError, match=re.escape(problem)) as refused:
        compile_lane("shop", [sale])
    assert (refused.value.module, refused.value.line) == (__name__, sale.origin.line)


def test_an_earlier_set_without_features_or_without_a_name_is_refused() -> None:
    with pytest.raises(CatalogError, match=r"sale.earlier_features\['a'\] names no features"):
        compile_lane("shop", [declare(lambda *_: {"a": []})])
    with pytest.raises(CatalogError, match="maps names to lists of features"):
        declare(lambda card, _: [card.since_last()])


def test_a_type_that_is_not_scored_has_no_earlier_sets_either() -> None:
    declared = {"earlier_features": {"a": [Reversal.account.since_last()]}}
    members = [Transfer, Login, type("Reversal", (Reversal,), declared)]
    with pytest.raises(CatalogError, match="reversal is not scored"):
        compile_lane("bank", members)
