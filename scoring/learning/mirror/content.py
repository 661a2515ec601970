"""What is mirrored of a model version, in MLflow's terms."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from scoring.learning.recipes.differences import flat_values
from scoring.registry.artifact import Artifact
from scoring.registry.models import ModelVersion
from scoring.timestamps import to_iso, to_micros

MAX_PARAM = 500  # characters; older servers take no more
MAX_TAG = 5_000
NOT_METRICS = ("slices", "intervals", "without_head")  # descriptions; they are in version.json
LINEAGE_TAGS = ("parent", "rows", "positives", "log_position", "matures_after_days", "since", "gap", "code")
_OTHER_SIGNS = re.compile(r"[^\w\-. /]", re.ASCII)  # what names of parameters and metrics cannot have


@dataclass(frozen=True)
class RunContent:
    """A run: the version's recipe as parameters, its metrics, its lineage as tags, and its files by path."""

    name: str
    trained_ms: int
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]


def content_of(version: ModelVersion, artifact: Artifact) -> RunContent:
    """Everything that is mirrored of a version with these bytes."""
    return RunContent(
        name=version.name,
        trained_ms=to_micros(version.trained_at) // 1_000,
        params={_named(path): _text(value)[:MAX_PARAM] for path, value in flat_values(version.parameters)},
        metrics=numbers_in(version.metrics),
        tags=tags_of(version),
        files=files_of(version, artifact),
    )


def numbers_in(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers among stored metrics, those of policies with their paths.

    >>> numbers_in({"brier": 0.1, "f1": None, "policies": {"spam": {"brier": 0.2}}, "slices": {"test": {}}})
    {'brier': 0.1, 'policies.spam.brier': 0.2}
    """
    measured = {name: value for name, value in metrics.items() if name not in NOT_METRICS}
    return {
        _named(path): float(value)
        for path, value in flat_values(measured)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }


def tags_of(version: ModelVersion) -> dict[str, str]:
    """What identifies a version and where it comes from."""
    facts = {
        "version": version.name,
        "artifact": version.artifact,
        "event_type": version.event_type,
        "feature_set": version.feature_set,
        "as_of": to_iso(version.as_of),
        "trained_by": version.trained_by,
        **{name: version.lineage.get(name) for name in LINEAGE_TAGS},
        **{f"library.{name}": number for name, number in version.lineage.get("libraries", {}).items()},
    }
    return {
        f"assay.{name}": _text(value)[:MAX_TAG] for name, value in facts.items() if value not in (None, "")
    }


def judgment_tags(version: ModelVersion) -> dict[str, str]:
    """Where a version stands at the gate, and who judged it."""
    judged = {"assay.judged_by": version.judged_by, "assay.note": version.note[:MAX_TAG]}
    return {"assay.status": str(version.status)} | {name: text for name, text in judged.items() if text}


def files_of(version: ModelVersion, artifact: Artifact) -> dict[str, bytes]:
    """`artifact.bin` has the bytes of the digest; other programs read its parts, booster and spec."""
    described = {
        name: getattr(version, name)
        for name in ("name", "event_type", "artifact", "parameters", "metrics", "lineage", "checks")
    }
    return {
        "model/artifact.bin": artifact.packed,
        "model/booster.ubj": artifact.booster,
        "model/spec.json": artifact.spec.encode(),
        "version.json": orjson.dumps(described, option=orjson.OPT_INDENT_2),
    }


def _named(path: str) -> str:
    return _OTHER_SIGNS.sub("_", path)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
