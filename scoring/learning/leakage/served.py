"""Stops a training at features whose training values differ from those served, unless they were accepted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.models import Decision
from scoring.features.compile.plan import lane_plan
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.errors import ServedValuesDiffer
from scoring.learning.leakage.served_values import skewed_features
from scoring.log.read import read_positions
from scoring.rules.rules.trial.decided_events import FeatureColumns

NEWEST = 1_000  # events of the set that are compared
LOOKED_AT = 20 * NEWEST  # events among which decided ones are sought


def check_served_values(
    data: TrainingSet,
    *,
    log_position: int,
    accepted: Sequence[str] = (),
    left_out: Collection[str] = (),
) -> dict[str, Any]:
    """What is stored in the lineage as `leakage.served`: {"compared", "accepted"}, the latter with figures.

    Compared are the newest events of the set that were decided up to `log_position`, in the version that was
    decided first. Raises ServedValuesDiffer for features that differ, are not `left_out` and not `accepted`.
    """
    rows, decisions = _decided_rows(data, log_position=log_position)
    names = _comparable(data)
    columns = [data.feature_names.index(name) for name in names]
    logged = FeatureColumns(data.event_type)
    served = [logged.features_of(entry) for entry in read_positions(decisions)]
    found = [
        each
        for each in skewed_features(data.X[rows][:, columns], served, names=names)
        if each.name not in left_out
    ]
    refused = [each for each in found if each.name not in accepted]
    if refused:
        raise ServedValuesDiffer(
            event_type=data.event_type,
            features=[(each.name, each.differing, each.compared) for each in refused],
        )
    return {"compared": len(rows), "accepted": [asdict(each) for each in found]}


def _decided_rows(data: TrainingSet, *, log_position: int) -> tuple[NDArray[np.int64], list[int]]:
    """(rows int64[k] of the set, the log position of each row's first decision)."""
    newest = np.argsort(data.positions, kind="stable")[-LOOKED_AT:]
    row_of = dict(zip(data.positions[newest].tolist(), newest.tolist(), strict=True))
    decided = Decision.objects.filter(
        event_position__in=list(row_of), revision=0, position__lte=log_position
    ).exclude(basis=Decision.Basis.FALLBACK)
    found = list(decided.order_by("-position").values_list("event_position", "position")[:NEWEST])
    return np.array([row_of[event] for event, _ in found], dtype=np.int64), [at for _, at in found]


def _comparable(data: TrainingSet) -> list[str]:
    """All features but categories, whose codes are a model's own, and what models read of texts."""
    kind = find_event_type(data.event_type)
    plan = lane_plan(kind.lane, {data.event_type: data.vocabularies})
    of_texts = {data.feature_names[column] for column, *_ in plan.feature_set(kind.name).resemblances}
    coded = {name.replace(".", "_") for name in data.vocabularies}
    return [name for name in data.feature_names if name not in of_texts | coded]


def served_in_words(leakage: Mapping[str, Any]) -> str:
    """The accepted features of a version that differ, with their figures; "" without any."""
    return "; ".join(
        f"{each['name']} ({each['differing']:,} of {each['compared']:,} events differ)"
        for each in leakage.get("served", {}).get("accepted", ())
    )
