"""A training stops before it begins where the machine lacks what its recipe asks for."""

from dataclasses import replace
from pathlib import Path

import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.recipes.reading import read_recipe
from scoring.learning.training.fit import train_model
from scoring.learning.training.growing import booster_parameters
from scoring.learning.training.placement import devices, requirements
from scoring.learning.training.placement.devices import require_device, sees_gpu
from scoring.learning.training.placement.requirements import (
    choose_placement,
    memory_needed,
    require_memory,
)
from scoring.learning.training.recipe import AUTO, CLUSTER, CUDA, DISK, MEMORY, TrainingConfig
from tests.unit.learning.made_up import training_set

DEFAULT, ON_GPU = TrainingConfig(), TrainingConfig(device=CUDA)


@pytest.mark.skipif(Path("/dev/nvidia0").exists(), reason="this machine has a GPU")
def test_a_recipe_for_a_gpu_is_refused_where_there_is_none() -> None:
    assert not sees_gpu()
    with pytest.raises(InvalidTraining, match=r"device: 'cuda' is not possible here.*no GPU; use cpu"):
        train_model(data=training_set(), config=ON_GPU)


def test_a_recipe_for_a_gpu_is_passed_to_xgboost_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "sees_gpu", lambda: True)
    require_device(ON_GPU)
    assert booster_parameters(ON_GPU, base_rate=0.1)["device"] == "cuda"
    assert booster_parameters(DEFAULT, base_rate=0.1)["device"] == "cpu"


def test_a_set_larger_than_the_memory_is_refused_unless_it_goes_to_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = memory_needed(DEFAULT, events=1_000, features=60)
    assert needed == 1_000 * 60 * (4 + 2)
    monkeypatch.setattr(requirements, "available_memory", lambda: needed)
    require_memory(DEFAULT, events=1_000, features=60)
    with pytest.raises(InvalidTraining, match=r"'memory' is not possible for 1,001 .*; use disk"):
        require_memory(DEFAULT, events=1_001, features=60)
    require_memory(replace(DEFAULT, placement=DISK), events=1_001, features=60)


@pytest.mark.parametrize(("events", "placement"), [(1_000, MEMORY), (1_001, DISK)])
def test_auto_goes_to_disk_beyond_half_of_the_available_memory(
    monkeypatch: pytest.MonkeyPatch, events: int, placement: str
) -> None:
    twice = 2 * memory_needed(DEFAULT, events=1_000, features=60)
    monkeypatch.setattr(requirements, "available_memory", lambda: twice)
    auto = replace(DEFAULT, placement=AUTO)
    assert choose_placement(auto, events=events, features=60) == replace(DEFAULT, placement=placement)
    for stated in (MEMORY, DISK, CLUSTER):
        asked = replace(DEFAULT, placement=stated)
        assert choose_placement(asked, events=events, features=60) is asked


@pytest.mark.parametrize(
    ("field", "value"), [("device", "cuda"), ("placement", "disk"), ("placement", "auto")]
)
def test_exact_trees_are_grown_in_memory_on_the_cpu(field: str, value: str) -> None:
    with pytest.raises(InvalidTraining, match=f"{field}: '{value}' is not possible with tree_method exact"):
        read_recipe({"tree_method": "exact", field: value})
    assert getattr(read_recipe({field: value}), field) == value
