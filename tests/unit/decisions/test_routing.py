import pytest

from scoring.decisions.routing import Arm, check_arms
from scoring.errors import InvalidRoute

CHAMPION = Arm("champion", "payment-1", "champion", 1.0)
CANARY = Arm("canary", "payment-2", "canary", 0.3)


def test_one_champion_decides_everything() -> None:
    check_arms("payment", [CHAMPION])


@pytest.mark.parametrize(
    ("arms", "given"),
    [
        ([], "given: none"),
        ([CANARY], "given: canary 0.3"),
        ([CHAMPION, CHAMPION], "given: champion 1, champion 1"),
        ([Arm("champion", "payment-1", "champion", 0.7), CANARY], "given: champion 0.7, canary 0.3"),
    ],
)
def test_any_other_route_is_refused(arms: list[Arm], given: str) -> None:
    with pytest.raises(InvalidRoute, match=given):
        check_arms("payment", arms)
