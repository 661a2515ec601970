"""Trees grown by the workers of the Dask cluster in the settings, each on a part of the rows.

Workers need no Django for that: setting it up would take seconds in each process of a local cluster.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from scoring.explain.xgboost_native import xgb
from scoring.learning.errors import InvalidTraining
from scoring.learning.training.imbalance import metric_of, objective_of
from scoring.learning.training.placement.devices import sees_gpu
from scoring.learning.training.placement.matrices import Rows
from scoring.learning.training.recipe import CPU, TrainingConfig


def train_on_cluster(
    parameters: Mapping[str, Any],
    rows: Rows,
    rounds: int,
    *,
    config: TrainingConfig,
    validation: Rows | None = None,
) -> xgb.Booster:
    """A booster of `rounds` trees; with validation rows, grown until the loss on them has stopped falling.

    Raises SchedulerUnreachable, InvalidTraining, and any error of a worker.
    """
    # Importing Dask takes seconds, and few trainings use a cluster.
    import xgboost.dask as xgb_dask  # noqa: PLC0415

    from scoring.offline.scheduler import connected  # noqa: PLC0415 (see there)

    with connected(settings.DASK_SCHEDULER) as client:
        if config.device != CPU and not all(client.run(sees_gpu).values()):
            raise InvalidTraining("device", config.device, "possible on every worker of the cluster; use cpu")
        binned = {"max_bin": config.max_bin}
        matrix = xgb_dask.DaskQuantileDMatrix(client, **_parts_of(client, rows), **binned)
        stopping: dict[str, Any] = {}
        if validation is not None:
            held = xgb_dask.DaskQuantileDMatrix(client, **_parts_of(client, validation), **binned, ref=matrix)
            stopping = {"evals": [(held, "validation")], "early_stopping_rounds": config.patience}
        trained = xgb_dask.train(
            client,
            dict(parameters),
            matrix,
            rounds,
            obj=objective_of(config.imbalance),
            custom_metric=metric_of(config.imbalance),
            verbose_eval=False,
            **stopping,
        )
    booster: xgb.Booster = trained["booster"]
    return booster


def _parts_of(client: Any, rows: Rows) -> dict[str, Any]:
    """The rows as Dask arrays of consecutive parts, one on each worker."""
    import dask.array as da  # noqa: PLC0415 (as above)

    workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
    edges = np.linspace(0, len(rows.y), len(workers) + 1).astype(np.int64)

    def spread(column: NDArray) -> Any:
        parts = []
        for worker, start, end in zip(workers, edges[:-1], edges[1:], strict=True):
            part = np.ascontiguousarray(column[start:end])
            (sent,) = client.scatter([part], workers=[worker], hash=False)
            parts.append(da.from_delayed(sent, shape=part.shape, dtype=part.dtype))
        return da.concatenate(parts)

    columns = {"data": rows.X, "label": rows.y, "weight": rows.weights, "base_margin": rows.margins()}
    return {name: spread(column) for name, column in columns.items() if column is not None}
