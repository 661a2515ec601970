"""What a recipe can state: the command line, the admin's form and files are made from these tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from scoring.learning.errors import InvalidTraining
from scoring.learning.training.recipe import (
    DEVICES,
    PLACEMENTS,
    TREATMENTS,
    TREE_METHODS,
    TrainingConfig,
)

DEFAULTS = TrainingConfig()


@dataclass(frozen=True)
class RecipeNumber:
    """A number of a recipe.

    `path`: its keys in a file, such as "shares.gap_days". `exclusive`: the minimum itself is not allowed.
    `derived`: what the value follows from where the default recipe states none.
    """

    path: str
    label: str
    help: str
    minimum: float = 0.0
    maximum: float = 1.0
    whole: bool = False
    exclusive: bool = False
    derived: str = ""

    @property
    def name(self) -> str:
        """The name as an option and a form field: the path with underscores."""
        return self.path.replace(".", "_")

    @property
    def option(self) -> str:
        """The name on the command line: "gap-days", "train-share", "block-precision"."""
        group, _, name = self.path.rpartition(".")
        is_share = group == "shares" and not name.endswith("_days")
        return f"{name}-share" if is_share else name.replace("_", "-")

    @property
    def metavar(self) -> str:
        return "N" if self.whole else "X"

    @property
    def default(self) -> Any:
        """The value in the default recipe; None if it is derived."""
        return value_at(DEFAULTS, self.path)

    @property
    def default_text(self) -> str:
        """The default in words."""
        return self.derived or str(self.default)

    @property
    def allowed(self) -> str:
        """What is allowed, in words: "a whole number from 1 to 12"."""
        noun = "a whole number" if self.whole else "a number"
        start = f"above {self.minimum:g}" if self.exclusive else f"from {self.minimum:,g}"
        return f"{noun} {start} {'and at most' if self.exclusive else 'to'} {self.maximum:,.15g}"

    def check(self, value: Any) -> Any:
        """The value as it is stored; None only where it is derived. Raises InvalidTraining."""
        if value is None and self.derived:
            return None
        if not self._is_allowed(value):
            raise InvalidTraining(self.path, value, self.allowed)
        return int(value) if self.whole else float(value)

    def _is_allowed(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return False
        if self.whole and value != int(value):
            return False
        above = value > self.minimum if self.exclusive else value >= self.minimum
        return above and value <= self.maximum


@dataclass(frozen=True)
class RecipeChoice:
    """A recipe's choice among words."""

    path: str
    label: str
    help: str
    choices: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.replace(".", "_")

    @property
    def option(self) -> str:
        return self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        return "|".join(self.choices)

    @property
    def default(self) -> Any:
        return value_at(DEFAULTS, self.path)

    @property
    def default_text(self) -> str:
        return str(self.default)

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(self.choices)}"

    def check(self, value: Any) -> str:
        """The value. Raises InvalidTraining."""
        if value not in self.choices:
            raise InvalidTraining(self.path, value, self.allowed)
        return str(value)


RecipeField = RecipeNumber | RecipeChoice


def value_at(config: TrainingConfig, path: str) -> Any:
    """The value of a recipe at a path.

    >>> value_at(TrainingConfig(), "shares.train")
    0.7
    """
    value: Any = config
    for part in path.split("."):
        value = getattr(value, part)
    return value


TREES = (
    RecipeNumber(
        "trees",
        "Maximum number of trees",
        "Training stops earlier if more trees do not help.",
        minimum=1,
        maximum=5_000,
        whole=True,
    ),
    RecipeNumber(
        "depth",
        "Maximum tree depth",
        "Deeper trees combine more features, overfit sooner and take longer to score.",
        minimum=1,
        maximum=12,
        whole=True,
    ),
    RecipeNumber(
        "learning_rate",
        "Learning rate",
        "How much of each tree is added. Lower needs more trees.",
        exclusive=True,
    ),
    RecipeNumber(
        "patience",
        "Patience",
        "Rounds without a better validation log loss before training stops.",
        minimum=1,
        maximum=1_000,
        whole=True,
    ),
    RecipeNumber(
        "min_child_weight",
        "Minimum leaf weight",
        "Sum of the hessian in a leaf. Higher resists single frauds.",
        maximum=10_000,
    ),
    RecipeNumber(
        "subsample",
        "Share of rows per tree",
        "Each tree is grown on a random share of the rows.",
        exclusive=True,
    ),
    RecipeNumber(
        "colsample_bytree",
        "Share of features per tree",
        "Each tree sees a random share of the features.",
        exclusive=True,
    ),
    RecipeNumber(
        "reg_lambda",
        "L2 regularization",
        "Shrinks the weights of leaves (XGBoost's lambda).",
        maximum=10_000,
    ),
    RecipeNumber(
        "max_bin",
        "Histogram bins",
        "Candidate thresholds of a feature; rare positives sit in the tails.",
        minimum=2,
        maximum=4_096,
        whole=True,
    ),
    RecipeChoice(
        "tree_method",
        "Split search",
        "hist uses bins; exact tries every value and suits small sets.",
        TREE_METHODS,
    ),
    RecipeNumber(
        "seed",
        "Seed",
        "Of the random samples. The same seed gives the same model.",
        maximum=2**31 - 1,
        whole=True,
    ),
    RecipeNumber(
        "threads",
        "Threads",
        "Of XGBoost; they affect the artifact's hash.",
        minimum=1,
        maximum=256,
        whole=True,
    ),
    RecipeChoice(
        "device",
        "Device",
        "cuda grows the trees on an NVIDIA GPU; another device gives slightly different trees.",
        DEVICES,
    ),
    RecipeChoice(
        "placement",
        "Vectors and bins",
        "disk is for sets that exceed the memory; auto takes it for those that need more than half of what is"
        " free; cluster grows trees on the workers of DASK_SCHEDULER.",
        PLACEMENTS,
    ),
)

IMBALANCE = (
    RecipeChoice(
        "imbalance.treatment",
        "Treatment of imbalance",
        "How trees are grown where positives are rare; scores stay probabilities.",
        TREATMENTS,
    ),
    RecipeNumber(
        "imbalance.positive_weight",
        "Weight of positives",
        "For class_weights. 0: both classes count the same.",
        maximum=1_000_000,
    ),
    RecipeNumber(
        "imbalance.focal_gamma",
        "Focusing parameter",
        "For focal_loss: higher attends less to easy events; 0 is log loss.",
        maximum=10,
    ),
    RecipeNumber(
        "imbalance.negatives_per_positive",
        "Negatives per positive",
        "For down_sampling: the negatives that are kept, drawn evenly over time.",
        minimum=1,
        maximum=1_000_000,
    ),
)

DATA = (
    RecipeNumber(
        "minimum_positives",
        "Minimum positives",
        "In the training slice; a quarter of it in the others.",
        minimum=1,
        maximum=1_000_000,
        whole=True,
    ),
    RecipeNumber(
        "shares.train",
        "Training share",
        "Of the events, oldest first.",
        minimum=0.05,
        maximum=0.97,
    ),
    RecipeNumber(
        "shares.validation",
        "Validation share",
        "Where the number of trees is chosen.",
        minimum=0.01,
        maximum=0.5,
    ),
    RecipeNumber(
        "shares.calibration",
        "Calibration share",
        "Where scores are calibrated and thresholds chosen.",
        minimum=0.01,
        maximum=0.5,
    ),
    RecipeNumber("shares.test", "Test share", "Where the model is measured.", minimum=0.01, maximum=0.5),
    RecipeNumber(
        "shares.gap_days",
        "Gap in days",
        "Between training and validation. Empty: as long as nine in ten positive labels took.",
        maximum=3_650,
        derived="the delay of labels",
    ),
)

THRESHOLDS = (
    RecipeNumber(
        "policy.reviews_a_day",
        "Reviews a day",
        "The review capacity from which the threshold follows.",
        maximum=10_000_000,
        whole=True,
    ),
    RecipeNumber("policy.min_review_score", "Minimum review score", "Lower scores are never reviewed."),
    RecipeNumber(
        "policy.block_precision",
        "Block precision",
        "Minimum share of blocks that are right.",
        exclusive=True,
    ),
    RecipeNumber(
        "policy.block_support",
        "Block support",
        "Alarms on which that precision is measured, and negatives beside them, at least.",
        minimum=1,
        maximum=1_000_000,
        whole=True,
    ),
)

FIELDS: tuple[RecipeField, ...] = (*TREES, *IMBALANCE, *DATA, *THRESHOLDS)
BY_PATH: Mapping[str, RecipeField] = {field.path: field for field in FIELDS}
