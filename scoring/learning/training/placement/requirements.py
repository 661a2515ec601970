"""Whether this machine can train as a recipe says: its GPU and its memory."""

import json
from functools import cache

import numpy as np
from django.conf import settings

from scoring.catalog.event_type import EventType
from scoring.explain.xgboost_native import xgb
from scoring.features.compile.plan import lane_plan
from scoring.free_memory import available_memory
from scoring.intake.models import Event
from scoring.learning.errors import InvalidTraining
from scoring.learning.training.recipe import CLUSTER, CPU, MEMORY, TrainingConfig

GIBIBYTE = 1 << 30
BYTES_A_VALUE = 4  # float32


def require_machine(config: TrainingConfig, kind: type[EventType]) -> None:
    """Raises InvalidTraining if this machine cannot train on the type's events by the recipe."""
    require_device(config)
    features = len(lane_plan(kind.lane).feature_set(kind.name).names)
    require_memory(config, events=Event.objects.filter(type=kind.name).count(), features=features)


def require_device(config: TrainingConfig) -> None:
    """Raises InvalidTraining for a GPU or a cluster that is not there; XGBoost would use the CPU silently."""
    if config.placement == CLUSTER and not settings.DASK_SCHEDULER:
        raise InvalidTraining(
            "placement", CLUSTER, "possible without DASK_SCHEDULER in the settings; use memory or disk"
        )
    if config.placement == CLUSTER:
        return  # which devices there are is known on its workers
    if config.device != CPU and not sees_gpu():
        raise InvalidTraining("device", config.device, "possible here, because XGBoost sees no GPU; use cpu")


@cache
def sees_gpu() -> bool:
    """Whether XGBoost trains on a GPU in this process."""
    matrix = xgb.DMatrix(np.zeros((2, 1)), np.array([0, 1]))
    with xgb.config_context(verbosity=0):  # without the warning of falling back
        booster = xgb.train({"device": "cuda"}, matrix, 0)
    device: str = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    return device.startswith("cuda")


def require_memory(config: TrainingConfig, *, events: int, features: int) -> None:
    """Raises InvalidTraining if the vectors and bins of so many events exceed the available memory."""
    if config.placement != MEMORY:
        return
    needed, free = memory_needed(config, events=events, features=features), available_memory()
    if needed > free:
        raise InvalidTraining(
            "placement",
            MEMORY,
            f"possible for {events:,} events of {features} features: they need {needed / GIBIBYTE:.1f} GiB,"
            f" and {free / GIBIBYTE:.1f} GiB are available; use disk",
        )


def memory_needed(config: TrainingConfig, *, events: int, features: int) -> int:
    """Bytes of the vectors and of the bins that XGBoost keeps of them.

    >>> memory_needed(TrainingConfig(max_bin=256), events=1_000_000, features=60) / 1e6
    300.0
    """
    bins = 1 if config.max_bin <= 256 else 2  # bytes of a bin's number
    return events * features * (BYTES_A_VALUE + bins)
