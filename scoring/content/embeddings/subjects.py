"""Events as they are now, and what people found of their texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.event_type import EventType
from scoring.catalog.policies import names_of
from scoring.content.embeddings.compared_types import compared_type
from scoring.content.embeddings.texts import EventText, texts_of
from scoring.intake.answers import current_version, retraction_in
from scoring.intake.label_sources import PEOPLE, logged_effective_source
from scoring.lanes.amendments import awaits_media
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.timestamps import from_iso

# Whose positive labels make a text known: reviewers' verdicts, and disputes.
TRUSTED = (PEOPLE, "chargeback")


@dataclass(frozen=True, slots=True)
class Subject:
    """An event with its current texts.

    `position`: of its receipt; `version`: the entry of its current version. `scopes`: what its label says
    that its texts are known for, as `KnownText` has it, since `known_at`.
    """

    kind: type[EventType]
    stream: str
    position: int
    version: Entry
    is_retracted: bool
    texts: tuple[EventText, ...]
    scopes: tuple[str, ...] = ()
    known_at: datetime | None = None

    @property
    def awaits_media(self) -> bool:
        return awaits_media(self.version.data)


def read_subjects(streams: Collection[str]) -> list[Subject]:
    """The events of these streams, without those of types whose texts are not compared."""
    kinds = {stream: kind for stream in streams if (kind := compared_type(stream.partition("/")[0]))}
    found = read_streams([*kinds, *(f"label/{stream}" for stream in kinds)])
    return [
        subject_of(kind, found[stream], found.get(f"label/{stream}", ()))
        for stream, kind in kinds.items()
        if stream in found
    ]


def subject_of(kind: type[EventType], stream: Sequence[Entry], labels: Sequence[Entry]) -> Subject:
    """An event from its entries and those of its labels."""
    version = current_version(stream)
    is_retracted = retraction_in(stream) is not None
    label = next((entry for entry in reversed(labels) if entry.type in LABEL_TYPES), None)
    known = () if label is None or is_retracted else scopes_of(kind, label.data)
    return Subject(
        kind=kind,
        stream=stream[0].stream,
        position=stream[0].position,
        version=version,
        is_retracted=is_retracted,
        texts=tuple(texts_of(kind, version.data["fields"])),
        scopes=known,
        known_at=from_iso(label.data["known_at"]) if label and known else None,
    )


def scopes_of(kind: type[EventType], label: Mapping[str, Any]) -> tuple[str, ...]:
    """What texts are known for after a label entry: its broken policies, if people or a dispute said so."""
    if label["effective"] != kind.labels.positive or logged_effective_source(label) not in TRUSTED:
        return ()
    return tuple(scope_of(kind, policy) for policy in label.get("effective_policies") or ("",))


def scope_of(kind: type[EventType], policy: str) -> str:
    """The name of the known texts of a type's policy; of an empty policy for labels that name none."""
    return f"{kind.name}/{policy}"


def scopes_of_type(kind: type[EventType]) -> list[str]:
    """All scopes that an event type can have."""
    return [scope_of(kind, policy) for policy in ("", *names_of(kind.policies))]


def policy_in(scope: str) -> str:
    return scope.partition("/")[2]
