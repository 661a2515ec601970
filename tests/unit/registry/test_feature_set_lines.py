"""What `manage.py feature_sets` says: which sets the code may stop declaring, and which it must not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scoring.learning.evaluation.report import set_lines
from scoring.registry.feature_sets import SetUse
from scoring.registry.routes import Arm

CHAMPION = Arm("champion", "payment-2", "champion", 1.0)
EARLIER = SetUse(
    event_type="payment",
    digest="d" * 64,
    number=3,
    declared_at=datetime(2026, 3, 1, 9, 5, tzinfo=UTC),
    names=("amount", "hour_of_day"),
    is_newest=False,
    in_code=True,
    arms=(),
    models=("payment-1",),
)
NEWEST = replace(EARLIER, is_newest=True)
AT_WORK = replace(EARLIER, arms=(CHAMPION,), models=("payment-2",))
GONE = replace(EARLIER, in_code=False)
RETIRE = "none: it can be removed from the code"


def line_of(use: SetUse, *, before: str | None = None) -> str:
    [_, line] = set_lines([use], before={"payment": before}, with_features=False)
    return line


@pytest.mark.parametrize(
    ("use", "may_be_retired", "place", "work"),
    [
        (EARLIER, True, "earlier", RETIRE),
        (NEWEST, False, "newest", "none"),  # the next training uses it
        (AT_WORK, False, "earlier", "payment-2 (champion)"),
        (GONE, False, "no", "none"),
        (replace(NEWEST, arms=(CHAMPION,)), False, "newest", "payment-2 (champion)"),
    ],
    ids=["nothing decides by it", "the newest", "a champion decides by it", "it is out already", "both"],
)
def test_a_set_may_be_retired_when_nothing_is_trained_on_it_and_nothing_decides(
    use: SetUse, may_be_retired: bool, place: str, work: str
) -> None:
    assert use.may_be_retired is may_be_retired
    words = line_of(use).split()
    assert words[:5] == ["payment", "3", "2026-03-01", "09:05", "2"]
    assert words[5] == place
    assert " ".join(words[6:]) == work


def test_a_roll_back_that_would_need_a_set_is_warned_of() -> None:
    warned = f"{RETIRE}, but a rollback would restore payment-1, which needs it"
    assert line_of(EARLIER, before="payment-1").endswith(warned)
    assert line_of(EARLIER, before="payment-7").endswith(RETIRE)


def test_a_set_that_no_worker_has_declared_yet_says_so() -> None:
    line = line_of(replace(EARLIER, number=None, declared_at=None))
    assert line.split()[:5] == ["payment", "-", "not", "yet", "2"]


def test_features_are_listed_below_their_set_on_request() -> None:
    shown = set_lines([EARLIER], before={"payment": None}, with_features=True)
    assert [line.strip() for line in shown[2:]] == ["amount", "hour_of_day"]
