"""Entries of before arms, read by the code of now."""

import pytest

from scoring.log.upcasters import current_version, upcast_to_current

OLD = {"basis": "model", "model": "payment-1", "score": 0.25}


@pytest.mark.parametrize("entry_type", ["decision.made", "decision.revised"])
@pytest.mark.parametrize(("basis", "arm"), [("model", "champion"), ("no_model", ""), ("fallback", "")])
def test_an_old_model_decision_is_attributed_to_the_champion(entry_type: str, basis: str, arm: str) -> None:
    upcast = upcast_to_current(entry_type, "payment/shop/1", 1, {**OLD, "basis": basis})
    assert (upcast["arm"], upcast["role"]) == (arm, arm)
    assert (upcast["route"], upcast["stake"], upcast["unit"], upcast["experiment"]) == (None, None, "", "")
    assert upcast.items() >= {**OLD, "basis": basis}.items()
    assert current_version(entry_type) == 2


def test_an_old_route_has_no_experiment() -> None:
    assert upcast_to_current("route.changed", "route/payment", 1, {"salt": "s"}) == {
        "salt": "s",
        "experiment": "",
    }
