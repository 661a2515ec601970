"""Where a model comes from: everything needed to train it again."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import scoring
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.learning.dataset.split import CUT_BY
from scoring.learning.dataset.training_set import TrainingSet
from scoring.learning.training.recipe import TrainingRequest
from scoring.registry.model_versions import champion_of
from scoring.timestamps import to_iso

SHUFFLED = "it was trained on shuffled labels, as a check against chance"

# From declared words over states and batch values to the fitted, calibrated model.
CODE_ROOMS = (
    "batch",
    "catalog",
    "declare",
    "event_types",
    "explain",
    "features",
    "learning",
    "offline",
    "registry",
    "texts",
)


def describe_lineage(request: TrainingRequest, data: TrainingSet, *, read_until: int) -> dict[str, Any]:
    """Everything needed to train the model again. Labels were read up to log position `read_until`."""
    lineage: dict[str, Any] = {
        "rows": len(data.y),
        "positives": int(data.y.sum()),
        "inferred_negatives": int(data.inferred.sum()),
        "unknown_blocks": len(data.unknown or ()),
        "explored": data.explored,
        "clipped": data.clipped,
        "matures_after_days": request.maturity / timedelta(days=1),
        "since": to_iso(request.since) if request.since else None,
        "outliers": data.outliers.stored(),
        "cut_by": CUT_BY,
        "log_position": read_until,
        "test_until": to_iso(request.test_until) if request.test_until else None,
        "code": code_digest(),
        "parent": champion_of(request.event_type),
        "declared_set": newest_set(data).declared,
    }
    return lineage | ({"not_promotable": SHUFFLED} if request.shuffled else {})


def newest_set(data: TrainingSet) -> FeatureSet:
    """The feature set that this code computes for a new model with these vocabularies."""
    plan = lane_plan(find_event_type(data.event_type).lane, {data.event_type: data.vocabularies})
    return plan.feature_set(data.event_type)


def code_digest() -> str:
    """SHA-256 over the source code that determines a model's bytes: the rooms in `CODE_ROOMS`."""
    root = Path(scoring.__file__).parent
    sources = sorted(path for room in CODE_ROOMS for path in (root / room).rglob("*.py"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
