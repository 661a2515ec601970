"""The search space: which fields of a recipe a search varies, and within which bounds."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.learning.recipes.fields import BY_PATH, RecipeNumber, value_at
from scoring.learning.recipes.reading import with_value
from scoring.learning.training.recipe import (
    CLASS_WEIGHTS,
    DOWN_SAMPLING,
    FOCAL_LOSS,
    TREATMENTS,
    TrainingConfig,
)

TREATMENT = "imbalance.treatment"
Value = float | int | str


@dataclass(frozen=True)
class SearchedNumber:
    """A number of a recipe with its bounds, both included.

    `logarithmic`: equal ratios are equally likely. `treatment`: it is varied with this treatment of imbalance
    alone.
    """

    path: str
    low: float
    high: float
    logarithmic: bool = False
    treatment: str = ""

    @property
    def whole(self) -> bool:
        field = BY_PATH[self.path]
        return isinstance(field, RecipeNumber) and field.whole

    def allows(self, value: Any) -> bool:
        """Whether the search could draw this value."""
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True)
class SearchedChoice:
    """A choice of a recipe with the words among which a search chooses."""

    path: str
    choices: tuple[str, ...]
    treatment: str = ""

    def allows(self, value: Any) -> bool:
        """Whether the search could draw this value."""
        return value in self.choices


Searched = SearchedNumber | SearchedChoice

# Bounds around the values that suit tables with rare positives; all lie within the bounds of the recipe's
# fields. The number of trees is not varied: early stopping finds it for every trial.
SPACE: tuple[Searched, ...] = (
    SearchedNumber("depth", 3, 10),
    SearchedNumber("learning_rate", 0.02, 0.3, logarithmic=True),
    SearchedNumber("min_child_weight", 0.5, 100, logarithmic=True),
    SearchedNumber("subsample", 0.4, 1.0),
    SearchedNumber("colsample_bytree", 0.2, 1.0),
    SearchedNumber("reg_lambda", 0.1, 100, logarithmic=True),
    SearchedNumber("max_bin", 64, 1_024, logarithmic=True),
    SearchedChoice(TREATMENT, TREATMENTS),
    SearchedNumber("imbalance.positive_weight", 1.5, 100, logarithmic=True, treatment=CLASS_WEIGHTS),
    SearchedNumber("imbalance.focal_gamma", 0.5, 4, treatment=FOCAL_LOSS),
    SearchedNumber("imbalance.negatives_per_positive", 5, 100, logarithmic=True, treatment=DOWN_SAMPLING),
)


def space_for(base: TrainingConfig, *, overridden: Container[str] = ()) -> tuple[Searched, ...]:
    """The part of the space that makes a difference: without bins for exact splits, and without fields that
    the data override.
    """
    idle = {"max_bin"} if base.tree_method == "exact" else set()
    return tuple(each for each in SPACE if each.path not in idle and each.path not in overridden)


def applied(base: TrainingConfig, values: Mapping[str, Value]) -> TrainingConfig:
    """The recipe with values by path."""
    config = base
    for path, value in values.items():
        config = with_value(config, path, BY_PATH[path].check(value))
    return config


def values_of(config: TrainingConfig, space: Sequence[Searched]) -> dict[str, Value]:
    """The recipe's values in the space by path, without those that are out of bounds."""
    treatment = config.imbalance.treatment
    used = [each for each in space if each.treatment in ("", treatment)]
    found = {each.path: value_at(config, each.path) for each in used}
    return {each.path: found[each.path] for each in used if each.allows(found[each.path])}
