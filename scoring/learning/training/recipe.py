"""What a training is asked for: on what to train, and how. Imports nothing that trains."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.dataset.split import Needs, SplitShares

MAX_MATURITY_DAYS = 3_650


@dataclass(frozen=True)
class ThresholdPolicy:
    """What the thresholds are derived from, unless a person states them.

    `reviews_a_day`: how many events people can look at. `worth_a_look`: no event less likely than this is
    shown, however idle the reviewers. `block_precision`: a block must be right this often; `block_support`
    alarms must back that claim.
    """

    reviews_a_day: int = 100
    worth_a_look: float = 0.05
    block_precision: float = 0.95
    block_support: int = 20


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that, with the training set, fixes the artifact's bytes."""

    trees: int = 200
    depth: int = 6
    learning_rate: float = 0.1
    min_child_weight: float = 5.0  # hessian; fewer, surer leaves: rare positives are easily learnt by heart
    subsample: float = 0.8
    colsample_bytree: float = 0.7
    reg_lambda: float = 1.0
    max_bin: int = 512  # rare positives sit in the tails; the default of 256 quantile bins blurs them
    patience: int = 30  # rounds without a better validation log loss before the number of trees is settled
    threads: int = 2  # part of the recipe: another count may sum gradients in another order
    seed: int = 7
    minimum_positives: int = 20
    shares: SplitShares = field(default_factory=SplitShares)
    policy: ThresholdPolicy = field(default_factory=ThresholdPolicy)
    stated_thresholds: tuple[tuple[str, float], ...] = ()

    @property
    def needs(self) -> Needs:
        """The positives that slices must hold."""
        return Needs.of(self.minimum_positives)

    def parameters(self) -> dict[str, Any]:
        """As stored with the model version."""
        return asdict(self)


@dataclass(frozen=True)
class TrainingRequest:
    """What to train on, and what to judge it on.

    `since`: events before it are left out, whatever is known of them.
    `test_until`: judge on the events in [as_of, test_until) instead of the newest mature ones.
    `log_position`: the other half of the cut-off; entries beyond it are not looked at, so that a run can be
    repeated although older history was loaded since. None: everything there is.
    """

    event_type: str
    as_of: datetime
    test_until: datetime | None = None
    matures_after: timedelta | None = None
    log_position: int | None = None
    shuffled: bool = False
    since: datetime | None = None

    @property
    def maturity(self) -> timedelta:
        """After how long an event's label counts: as asked for, else as the catalog says."""
        return (
            find_event_type(self.event_type).matures_after
            if self.matures_after is None
            else self.matures_after
        )
