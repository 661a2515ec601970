import hashlib
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.registry.errors import InvalidRoute
from scoring.registry.routes import (
    Arm,
    RouteTable,
    arm_for,
    change_route,
    check_arms,
    check_unit,
    is_shadowed,
    share_point,
    table_from,
)
from tests.factories.log import as_read, route_changed

SHADOW = Arm("shadow", "payment-3", "shadow", 0.5)
salts = st.text(min_size=1, max_size=20)
values = st.text(min_size=1, max_size=30)
shares = st.floats(min_value=0.001, max_value=0.999)


def champion(share: float = 1.0, **changes) -> Arm:
    return replace(Arm("champion", "payment-1", "champion", share), **changes)


def canary(share: float = 0.3, **changes) -> Arm:
    return replace(Arm("canary", "payment-2", "canary", share), **changes)


def route(share: float, *, salt: str = "payment/1", shadows: tuple[Arm, ...] = ()) -> RouteTable:
    return RouteTable("payment", 1, salt, "customer", (champion(1 - share), canary(share), *shadows))


@pytest.mark.parametrize(
    "arms",
    [
        [champion()],
        [champion(0.7), canary(0.3)],
        [champion(0.9), canary(0.1), SHADOW],
        [champion(), SHADOW, replace(SHADOW, name="other", model="payment-4", share=1.0)],
        [champion(name="c"), replace(SHADOW, name="s" * 40)],
    ],
    ids=["a champion", "a canary with the rest", "all three roles", "two shadows", "a short and a long name"],
)
def test_arms_that_route(arms: list[Arm]) -> None:
    check_arms("payment", arms)


@pytest.mark.parametrize(
    ("arms", "problem"),
    [
        ([], "exactly one champion is needed; given: none"),
        ([canary(1.0)], "exactly one champion is needed; given: canary 1"),
        ([champion(0.5), champion(0.5, name="b", model="m")], "exactly one champion is needed"),
        ([champion(0.4), canary(), canary(name="b", model="m")], "at most one canary is possible"),
        ([champion(0.7)], "their shares sum to 0.7"),
        ([champion(0.7), canary(0.29999)], "their shares sum to 0.99999"),
        ([champion(), canary()], "their shares sum to 1.3"),
        ([champion(), replace(SHADOW, share=0)], "the share of shadow must be more than 0 and at most 1"),
        ([champion(), replace(SHADOW, share=1.01)], "the share of shadow must be more than 0"),
        ([champion(math.nan)], "the share of champion must be"),
        ([champion(-0.3), canary(1.3)], "the share of champion must be"),
        ([champion(0.7), canary(name="champion")], "two arms have the name champion"),
        ([champion(0.7), canary(model="payment-1")], "two arms have the model payment-1"),
        ([champion(), replace(SHADOW, role="ghost")], "'ghost' is not a role; allowed: champion, canary"),
        ([champion(name="c" * 41)], "the name of an arm has 1 to 40 characters, not 41"),
        ([champion(name="")], "the name of an arm has 1 to 40 characters, not 0"),
        ([champion(), replace(SHADOW, share=2)], "the share of shadow must be more than 0 and at most 1"),
    ],
)
def test_arms_that_cannot_route_are_refused_with_the_reason(arms: list[Arm], problem: str) -> None:
    with pytest.raises(InvalidRoute, match=problem):
        check_arms("payment", arms)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"unit": "amount"}, "'amount' is not a unit; allowed: card, customer, merchant, device, ip"),
        ({"salt": ""}, "a salt has 1 to 40 characters, not 0"),
        ({"salt": "s" * 41}, "a salt has 1 to 40 characters, not 41"),
    ],
)
def test_a_route_that_nothing_can_be_hashed_by_is_refused(how: dict[str, str], problem: str) -> None:
    given = {"salt": "payment/1", "unit": "customer"} | how
    with pytest.raises(InvalidRoute, match=problem):
        change_route(
            "payment",
            arms=[champion()],
            **given,
            expected_version=0,
            actor="tests",
            reason="",
            now=datetime.now(UTC),
        )


@pytest.mark.parametrize("salt", ["s", "s" * 40])
def test_salts_that_can_be_stored(salt: str) -> None:
    check_unit("payment", salt=salt, unit="card")


def test_the_first_unit_beyond_a_share_is_not_in_it() -> None:
    point = share_point("payment/1", "c-1")
    assert arm_for(route(point), "c-1").role == "champion"
    assert arm_for(route(math.nextafter(point, 1)), "c-1").role == "canary"
    shadow = replace(SHADOW, share=share_point("payment/1/shadow", "c-1"))
    assert not is_shadowed(route(0.5), shadow, "c-1")
    assert is_shadowed(route(0.5), replace(shadow, share=math.nextafter(shadow.share, 1)), "c-1")


def test_a_units_point_is_its_hash() -> None:
    digest = hashlib.sha256(b"payment/1\x1fcustomer-7").digest()
    expected = int.from_bytes(digest[:8], "big") / 2**64
    assert share_point("payment/1", "customer-7") == pytest.approx(expected, abs=2**-52)


@given(salts, values)
def test_a_point_is_a_share_and_always_the_same(salt: str, value: str) -> None:
    point = share_point(salt, value)
    assert 0 <= point < 1
    assert share_point(salt, value) == point


@given(salts, values, shares, shares)
def test_a_growing_canary_keeps_who_was_in_it(salt: str, value: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    if arm_for(route(small, salt=salt), value).role == "canary":
        assert arm_for(route(large, salt=salt), value).role == "canary"


@given(salts, st.sampled_from([0.01, 0.1, 0.5, 0.9]))
def test_a_share_is_hit_within_its_binomial_bounds(salt: str, share: float) -> None:
    count = 4_000
    table = route(share, salt=salt)
    hit = sum(arm_for(table, f"customer-{n}").role == "canary" for n in range(count))
    assert abs(hit - count * share) <= 5 * math.sqrt(count * share * (1 - share))


@given(st.lists(salts, min_size=2, max_size=2, unique=True))
def test_two_salts_draw_independently(pair: list[str]) -> None:
    count = 4_000
    both = sum(all(share_point(salt, f"c-{n}") < 0.5 for salt in pair) for n in range(count))
    assert abs(both - count / 4) <= 5 * math.sqrt(count * 3 / 16)


def test_a_shadow_draws_its_share_apart_from_the_canary() -> None:
    table = route(0.5, shadows=(SHADOW,))
    count = 4_000
    both = sum(
        arm_for(table, f"c-{n}").role == "canary" and is_shadowed(table, SHADOW, f"c-{n}")
        for n in range(count)
    )
    assert abs(both - count / 4) <= 5 * math.sqrt(count * 3 / 16)


def test_a_whole_shadow_scores_everything_even_events_without_the_unit() -> None:
    whole = replace(SHADOW, share=1.0)
    assert all(is_shadowed(route(0.5), whole, value) for value in ["", *map(str, range(200))])


def test_an_event_without_the_unit_is_the_champions() -> None:
    assert arm_for(route(0.999), "").role == "champion"


def test_roles_are_found_in_the_route() -> None:
    table = route(0.1, shadows=(SHADOW,))
    assert (table.champion.model, table.canary.model, table.shadows) == ("payment-1", "payment-2", (SHADOW,))
    assert RouteTable("payment", 1, "s", "customer", (champion(),)).canary is None


def test_a_route_is_read_from_the_entry_that_set_it() -> None:
    entry = as_read(route_changed(4, experiment="cheaper"))
    table = table_from(entry)
    assert (table.version, table.experiment, table.unit) == (4, "cheaper", "customer")
    assert table.champion == Arm("champion", "payment-4", "champion", 1.0)
