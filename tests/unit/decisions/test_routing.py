from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.decisions.routing import Arm, RouteTable, check_arms, hash_to_unit_interval
from scoring.errors import InvalidRoute

CHAMPION = Arm("champion", "payment-1", "champion", 0.7)
CANARY = Arm("canary", "payment-2", "canary", 0.3)
SHADOW = Arm("shadow", "payment-3", "shadow", 1.0)


def route(*arms: Arm, salt: str = "payment/1") -> RouteTable:
    return RouteTable("payment", 1, salt, "card", arms)


@given(st.text(), st.text())
def test_a_unit_hashes_to_the_unit_interval_and_always_to_the_same_place(salt: str, value: str) -> None:
    assert 0 <= hash_to_unit_interval(salt, value) < 1
    assert hash_to_unit_interval(salt, value) == hash_to_unit_interval(salt, value)


def test_hashing_is_fixed_forever() -> None:
    # SHA-256 of "salt\x1fcard-1", first 53 bits over 2**53: computed with coreutils' sha256sum.
    assert hash_to_unit_interval("salt", "card-1") == 0.037672440883155356


def test_arms_get_their_shares_of_units() -> None:
    counts = Counter(route(CHAMPION, CANARY).arm_for(f"card-{n}").name for n in range(20_000))
    assert counts["canary"] / 20_000 == pytest.approx(0.3, abs=0.01)


def test_a_shadow_never_decides() -> None:
    table = route(SHADOW, CHAMPION, CANARY)
    assert {table.arm_for(f"card-{n}").role for n in range(1_000)} == {"champion", "canary"}


def test_another_salt_assigns_independently() -> None:
    first, second = route(CHAMPION, CANARY), route(CHAMPION, CANARY, salt="payment/2")
    both = sum(
        first.arm_for(f"card-{n}").name == second.arm_for(f"card-{n}").name == "canary" for n in range(20_000)
    )
    assert both / 20_000 == pytest.approx(0.09, abs=0.01)


@pytest.mark.parametrize(
    ("arms", "problem"),
    [
        ([CANARY], "0 champions"),
        ([CHAMPION, CHAMPION], "2 champions"),
        ([CHAMPION], "add up to 0.7"),
        ([CHAMPION, Arm("canary", "payment-2", "canary", 0.4)], "add up to 1.1"),
        ([Arm("c", "m", "champion", 1.5), Arm("k", "m", "canary", -0.5)], "must be 0 to 1"),
    ],
)
def test_arms_that_cannot_route_are_refused(arms: list[Arm], problem: str) -> None:
    with pytest.raises(InvalidRoute, match=problem):
        check_arms("payment", arms)


def test_a_shadow_takes_no_share_of_the_decisions() -> None:
    check_arms("payment", [CHAMPION, CANARY, SHADOW])
