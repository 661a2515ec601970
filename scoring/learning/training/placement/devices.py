"""Whether the GPU or the cluster that a recipe names is there."""

import json
from functools import cache

import numpy as np
from django.conf import settings

from scoring.explain.xgboost_native import xgb
from scoring.learning.errors import InvalidTraining
from scoring.learning.training.recipe import CLUSTER, CPU, TrainingConfig


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
