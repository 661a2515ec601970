"""Lifts the data of old route entries, one schema version at a time."""

from typing import Any

from scoring.log.upcasters import upcast


@upcast("route.changed", from_version=1)
def say_which_experiment(data: dict[str, Any]) -> dict[str, Any]:
    """Older routes belonged to no experiment."""
    return {**data, "experiment": ""}
