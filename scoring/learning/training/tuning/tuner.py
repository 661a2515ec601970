"""What chooses the recipe of a training on its own data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scoring.learning.training.fit import Prepared
from scoring.learning.training.recipe import TrainingConfig
from scoring.progress import ProgressReporter


@dataclass(frozen=True)
class Tuned:
    """The chosen recipe, and what is stored of how it was chosen, as JSON values."""

    config: TrainingConfig
    record: Mapping[str, Any]


Tuner = Callable[[Prepared, TrainingConfig, ProgressReporter], Tuned]
