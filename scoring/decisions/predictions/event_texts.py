"""The texts of events: those of personal fields are in the vault, and the log has only their digests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.catalog.registry import event_type
from scoring.log import vault

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventTexts:
    """The texts of an event type's events. `revealed`: personal ones by digest; erased ones are absent."""

    event_type: str
    revealed: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str, fields: Sequence[Fields]) -> list[str | None]:
        """The text of one field of each event; None if it is missing or erased."""
        stored = [event.get(name) for event in fields]
        if not event_type(self.event_type).fields[name].personal:
            return stored
        return [None if digest is None else self.revealed.get(digest) for digest in stored]


def reveal_texts(
    type_name: str,
    fields: Iterable[Fields],
    *,
    names: Iterable[str],
    given: Mapping[str, str] | None = None,
) -> EventTexts:
    """The texts of these fields of events (their canonical values), with at most one query of the vault.

    `given`: texts by digest that need not be read, such as those of an event that is not stored.
    """
    declared = event_type(type_name).fields
    personal = [name for name in dict.fromkeys(names) if declared[name].personal]
    if not personal:
        return EventTexts(type_name)
    known = dict(given or {})
    digests = {digest for event in fields for name in personal if (digest := event.get(name)) is not None}
    unknown = digests - known.keys()
    return EventTexts(type_name, known | (vault.reveal(unknown) if unknown else {}))
