"""What is compared on which folds, as stored with a job."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.folds.options import FoldOptions
from scoring.learning.training.recipe import TrainingConfig

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
OPTIONS = FoldOptions(
    event_type="payment",
    folds=3,
    test_from=MOMENT,
    since=MOMENT - timedelta(days=300),
    matures_after=timedelta(days=2.5),
    model="payment-3",
    recipes=(("deep", TrainingConfig(depth=9)),),
    recipes_of=("payment-2",),
    against=("logistic", "payment-1"),
    imbalance=True,
)


@pytest.mark.parametrize("options", [OPTIONS, FoldOptions("payment", origins=(MOMENT,))])
def test_options_are_read_back_from_json(options: FoldOptions) -> None:
    assert FoldOptions.from_stored(orjson.loads(orjson.dumps(options.stored()))) == options


@pytest.mark.parametrize("folds", [0, 25])
def test_a_number_of_folds_out_of_bounds_is_refused(folds: int) -> None:
    with pytest.raises(InvalidTraining, match="folds"):
        FoldOptions("payment", folds=folds).check()
