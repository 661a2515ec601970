"""Lifts the data of old decision entries, one schema version at a time."""

from typing import Any

from scoring.log.upcasters import upcast


@upcast("decision.made", from_version=1)
@upcast("decision.revised", from_version=1)
def say_which_arm_decided(data: dict[str, Any]) -> dict[str, Any]:
    """Routes had one arm, the champion. The route's version, the unit and the stake were not logged."""
    arm = "champion" if data["basis"] == "model" else ""
    return {**data, "route": None, "arm": arm, "role": arm, "experiment": "", "unit": "", "stake": None}
