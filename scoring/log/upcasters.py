"""Upcasters: each converts the data of one entry type to the next schema version."""

from collections.abc import Callable
from typing import Any

from scoring.log.errors import UnknownSchemaVersion

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]

_steps: dict[tuple[str, int], Upcaster] = {}
_current: dict[str, int] = {}


def upcast(entry_type: str, *, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Register a pure function that converts data of `entry_type` from `from_version` to the next version."""

    def register(step: Upcaster) -> Upcaster:
        if (entry_type, from_version) in _steps:
            raise ValueError(f"{entry_type} has two upcasters from version {from_version}")
        _steps[entry_type, from_version] = step
        _current[entry_type] = max(_current.get(entry_type, 1), from_version + 1)
        return step

    return register


def current_version(entry_type: str) -> int:
    """The schema version in which this code writes `entry_type`: 1 until an upcaster is registered."""
    return _current.get(entry_type, 1)


def upcast_to_current(entry_type: str, stream: str, version: int, data: Data) -> Data:
    """`data` in the current schema version. Raises `UnknownSchemaVersion` if an upcaster is missing."""
    current = _current.get(entry_type, 1)
    if version == current:
        return data
    if version > current:
        raise UnknownSchemaVersion(entry_type, stream, version)
    for step_version in range(version, current):
        step = _steps.get((entry_type, step_version))
        if step is None:
            raise UnknownSchemaVersion(entry_type, stream, step_version)
        data = step(data)
    return data
