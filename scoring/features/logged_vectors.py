"""The vectors of decisions: packed bytes in the log, and the rows of a lane that they come from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.features.compile.plan import FeatureSet, LanePlan
from scoring.log.entries import Entry

Vector = NDArray[np.float64]


def pack_vectors(vector: Vector, contributions: Vector, *also: Vector) -> bytes:
    """Pack a feature vector [F], contributions [F + 1, or none] and the vectors of other feature sets.

    Little-endian float64.
    """
    return np.concatenate([vector, contributions, *also]).astype("<f8").tobytes()


def unpack_vectors(packed: bytes, *, width: int) -> tuple[Vector, Vector]:
    """The vector and its contributions, for a feature set of `width` features.

    A decision without a model has no contributions; the second part is then meaningless.
    """
    values = np.frombuffer(packed, dtype="<f8")
    return values[:width], values[width : 2 * width + 1]


def stack_vectors(packed: Sequence[bytes], width: int) -> tuple[Vector, Vector]:
    """`unpack_vectors` for many decisions: vectors [n, width] and contributions [n, width + 1].

    Raises ValueError unless all have contributions.
    """
    values = np.frombuffer(b"".join([each[: 8 * (2 * width + 1)] for each in packed]), dtype="<f8")
    rows = values.reshape(len(packed), 2 * width + 1)
    return rows[:, :width], rows[:, width:]


def describe_also(sets: Sequence[FeatureSet]) -> dict[str, Any]:
    """Describe the additional vectors of a decision: [declared set, features] each."""
    return {"also": [[each.declared, len(each.names)] for each in sets]} if sets else {}


def unpack_also(data: Mapping[str, Any], packed: bytes) -> dict[str, Vector]:
    """The additional vectors of a decision by declared set; open categories are not encoded."""
    values, end = np.frombuffer(packed, dtype="<f8"), len(packed) // 8
    found = {}
    for declared, width in reversed(data.get("also", ())):
        found[declared] = values[end - width : end]
        end -= width
    return found


def restore_row(entry: Entry, plan: LanePlan) -> tuple[Vector, tuple[FeatureSet, ...]]:
    """The row [plan.width] that a lane had folded, as far as a decision without a model logged it, and the
    feature sets for which it is complete. The usual values of the entities are not logged.
    """
    packed, event_type = entry.packed or b"", entry.data["event_type"]
    row = np.full(plan.width, np.nan)
    also = unpack_also(entry.data, packed)
    held = []
    for each in plan.feature_sets(event_type):
        if each.hash == entry.data["feature_set"]:
            row[each.columns] = unpack_vectors(packed, width=len(each.names))[0]
        elif each.declared in also:
            row[each.columns] = also[each.declared]
        else:
            continue
        held.append(each)
    return row, tuple(held)
