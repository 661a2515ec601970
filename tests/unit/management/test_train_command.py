"""`manage.py train`: what it says when the recipe of a registered version cannot be saved."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError

from scoring.learning.recipes.files import load_recipe
from scoring.learning.training.recipe import TrainingConfig
from scoring.management.commands.train import save_recipe


def test_a_recipe_that_cannot_be_written_does_not_hide_the_version(tmp_path: Path) -> None:
    config = TrainingConfig(depth=3)
    run: Any = SimpleNamespace(name="payment-1", trained=SimpleNamespace(config=config))
    with pytest.raises(CommandError, match="payment-1 is registered, but its recipe cannot be written"):
        save_recipe(str(tmp_path), run)
    save_recipe(str(tmp_path / "recipe.yaml"), run)
    assert load_recipe(tmp_path / "recipe.yaml") == config
