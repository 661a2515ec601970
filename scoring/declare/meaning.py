"""The meaning of a declaration as plain JSON, for set hashes."""

from dataclasses import fields, is_dataclass
from typing import Any

# Origin, owner and wording do not change what a feature means; a role is added after the rest.
_NO_MEANING = ("origin", "owner", "says", "label", "role")


def meaning_of(part: Any) -> Any:
    """A declaration, or a part of one, as JSON; equal for two with the same meaning.

    It names classes by `hashed_as` if they were renamed, because stored hashes outlive class names.
    """
    if hasattr(type(part), "hashed"):  # a batch value
        return part.hashed()
    if is_dataclass(part) and not isinstance(part, type):
        members = [entry.name for entry in fields(part) if entry.name not in _NO_MEANING]
        known_as = getattr(type(part), "hashed_as", type(part).__name__)
        described = [known_as, *(meaning_of(getattr(part, name)) for name in members)]
        role = getattr(part, "role_names", ())
        return [*described, ["as_", *role]] if role else described
    if isinstance(part, tuple):
        return [meaning_of(member) for member in part]
    if part is None or isinstance(part, (str, int, float)):
        return part
    return f"{part.name}:{getattr(part, 'kind', '')}"  # a field


def reads_the_clock(part: Any) -> bool:
    """Whether a declaration depends on the time of day or the day of the week, itself or by a condition."""
    if getattr(type(part), "is_calendar", False):
        return True
    if isinstance(part, tuple):
        return any(reads_the_clock(member) for member in part)
    if is_dataclass(part) and not isinstance(part, type):
        return any(reads_the_clock(getattr(part, entry.name)) for entry in fields(part))
    return False
