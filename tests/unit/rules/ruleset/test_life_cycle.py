"""Which stage of a version may follow which."""

import pytest

from scoring.rules.ruleset.errors import StageNotAllowed
from scoring.rules.ruleset.life_cycle import NEXT_STAGES, STAGES, check_stage

ALLOWED = {
    ("draft", "shadow"),
    ("draft", "active"),
    ("draft", "archived"),
    ("shadow", "draft"),
    ("shadow", "active"),
    ("shadow", "archived"),
    ("active", "shadow"),
    ("active", "archived"),
    ("archived", "draft"),
    ("archived", "shadow"),
    ("archived", "active"),
}


@pytest.mark.parametrize("now", STAGES)
@pytest.mark.parametrize("wanted", STAGES)
def test_only_these_stages_follow_each_other(now: str, wanted: str) -> None:
    if (now, wanted) in ALLOWED:
        check_stage("version 1 of velocity", now=now, wanted=wanted)
    else:
        with pytest.raises(StageNotAllowed, match=f"is {now}, so it cannot become {wanted}; allowed: "):
            check_stage("version 1 of velocity", now=now, wanted=wanted)


def test_every_stage_can_be_left() -> None:
    assert set(NEXT_STAGES) == set(STAGES)
    assert all(NEXT_STAGES.values())
