"""The slices of time of a version, in their order."""

from collections.abc import Mapping
from typing import Any

from scoring.registry.models import ModelVersion


def slices_in_time(version: ModelVersion) -> list[tuple[str, Mapping[str, Any]]]:
    """Name and description of each slice, the oldest first; the database keeps no order of keys."""
    slices: Mapping[str, Mapping[str, Any]] = version.metrics.get("slices", {})
    return sorted(slices.items(), key=lambda each: each[1]["from"])
