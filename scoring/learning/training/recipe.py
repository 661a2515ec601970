"""The options of a training. This module imports nothing that trains, because web pages use it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scoring.catalog.registry import event_type as find_event_type
from scoring.learning.dataset.split import MinPositives, SplitShares

MAX_MATURITY_DAYS = 3_650
TREE_METHODS = ("hist", "exact")
CPU, CUDA = "cpu", "cuda"
MEMORY, DISK, CLUSTER, AUTO = "memory", "disk", "cluster", "auto"
DEVICES, PLACEMENTS = (CPU, CUDA), (MEMORY, DISK, CLUSTER, AUTO)
DIRECTIONS = {"increasing": 1, "decreasing": -1}  # of the score with a feature
NONE, CLASS_WEIGHTS, FOCAL_LOSS, DOWN_SAMPLING = "none", "class_weights", "focal_loss", "down_sampling"
TREATMENTS = (NONE, CLASS_WEIGHTS, FOCAL_LOSS, DOWN_SAMPLING)


@dataclass(frozen=True)
class ThresholdPolicy:
    """What the thresholds are derived from, unless they are given explicitly.

    `reviews_a_day`: the review capacity. `min_review_score`: the minimum score of a review, even with spare
    capacity. `block_precision`: the minimum precision of blocks, measured on at least `block_support` alarms
    in a slice with at least as many negatives.
    """

    reviews_a_day: int = 100
    min_review_score: float = 0.05
    block_precision: float = 0.95
    block_support: int = 20


@dataclass(frozen=True)
class Imbalance:
    """How trees are grown where positives are rare.

    `positive_weight`: how often a positive counts with class weights; 0: until both classes count the
    same. `focal_gamma`: the focusing parameter of the focal loss. `negatives_per_positive`: kept by
    down-sampling.
    """

    treatment: str = NONE
    positive_weight: float = 0.0
    focal_gamma: float = 2.0  # as in Lin et al. 2017
    negatives_per_positive: float = 20.0


@dataclass(frozen=True)
class TrainingConfig:
    """The recipe: everything besides the training set that determines the artifact's bytes.

    `features_left_out`: no tree uses them, though the vectors keep them. `monotone`: features with the
    direction in which the margin may move with them, "increasing" or "decreasing". `device`: where trees are
    grown; `placement`: where the vectors and their bins are kept meanwhile.
    """

    trees: int = 200
    depth: int = 6
    learning_rate: float = 0.1
    min_child_weight: float = 5.0  # hessian; larger leaves, because rare positives are easily overfitted
    subsample: float = 0.8
    colsample_bytree: float = 0.7
    reg_lambda: float = 1.0
    max_bin: int = 512  # rare positives sit in the tails; the default of 256 quantile bins blurs them
    patience: int = 30  # early stopping: rounds without a better validation log loss
    threads: int = 2  # affects the bytes: another number may sum gradients in another order
    seed: int = 7
    minimum_positives: int = 20
    shares: SplitShares = field(default_factory=SplitShares)
    policy: ThresholdPolicy = field(default_factory=ThresholdPolicy)
    explicit_thresholds: tuple[tuple[str, float], ...] = ()
    tree_method: str = "hist"
    features_left_out: tuple[str, ...] = ()
    monotone: tuple[tuple[str, str], ...] = ()
    imbalance: Imbalance = field(default_factory=Imbalance)
    device: str = CPU
    placement: str = MEMORY

    @property
    def needs(self) -> MinPositives:
        """The minimum number of positives in each slice."""
        return MinPositives.of(self.minimum_positives)

    def parameters(self) -> dict[str, Any]:
        """As stored with the model version; the thresholds keep the keys that the log already has."""
        stored = asdict(self)
        stored["stated_thresholds"] = stored.pop("explicit_thresholds")
        stored["policy"]["worth_a_look"] = stored["policy"].pop("min_review_score")
        stored["features_left_out"] = list(self.features_left_out)
        stored["monotone"] = dict(self.monotone)
        return stored


@dataclass(frozen=True)
class TrainingRequest:
    """The data to train and to evaluate on.

    `since`: earlier events are excluded. `test_until`: evaluate on the events in [as_of, test_until) instead
    of the newest mature ones. `log_position`: the other half of the cut-off; later entries are ignored, so
    that a run can be repeated even after older history was imported. None: no limit. `accepted_leakage`:
    features that may be used although they alone seem too good to be true.
    """

    event_type: str
    as_of: datetime
    test_until: datetime | None = None
    matures_after: timedelta | None = None
    log_position: int | None = None
    shuffled: bool = False
    since: datetime | None = None
    accepted_leakage: tuple[str, ...] = ()

    @property
    def maturity(self) -> timedelta:
        """The age at which an event is mature: the requested one, or the catalog's."""
        return (
            find_event_type(self.event_type).matures_after
            if self.matures_after is None
            else self.matures_after
        )
