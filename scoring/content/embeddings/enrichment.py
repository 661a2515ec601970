"""Enrich events with how near their texts are to known ones: they are decided again, on that too."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from scoring.content.embeddings.known.nearest import Asked, Neighbor, filled_scopes, nearest_known
from scoring.content.embeddings.models import TextModel
from scoring.content.embeddings.subjects import Subject, policy_in, scopes_of_type
from scoring.declare import SIMILARITY, signal_column, similarity_signal
from scoring.errors import ScoringError
from scoring.intake.amending.enrichment import enrich_event
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

DIGITS = 4  # of a recorded similarity

Found = Mapping[str, Sequence[Neighbor]]  # the nearest known text of each scope, by the field of the text


def enrich_with_similarities(subjects: Sequence[Subject], *, model: TextModel, now: datetime) -> int:
    """Append enriched versions of the events with a text that is similar to a known one; returns how many.

    All their texts must be embedded. An event that says so already is left as it is.
    """
    count = 0
    for subject, found in zip(subjects, _nearest(subjects, model), strict=True):
        similar = similarities(found)
        if similar and similar != _recorded(subject.version.data):
            enrich = partial(_enriched, similar=similar, nearest=_nearest_as_data(found, model))
            try:
                count += enrich_event(
                    subject.stream, version=subject.version.position, enrich=enrich, now=now
                )
            except ScoringError as error:  # its history is being loaded: others go on
                logger.warning("%s is not enriched: %s", subject.stream, error)
    if count:
        telemetry.add("enriched", count=count)
    return count


def similarities(found: Found) -> dict[str, float]:
    """The signals of an event: of each policy and of all, where a known text is as similar as is recorded."""
    signals: dict[str, float] = {}
    for field, neighbors in found.items():
        for each in _similar(neighbors):
            for policy in {policy_in(each.scope), ""}:
                column = signal_column(field, similarity_signal(policy).name)
                signals[column] = max(signals.get(column, 0.0), _rounded(each.similarity))
    return signals


def _nearest(subjects: Sequence[Subject], model: TextModel) -> list[Found]:
    """For each event the nearest known text of each policy, by the field of its text."""
    found: list[dict[str, Sequence[Neighbor]]] = [{} for _ in subjects]
    for kind in dict.fromkeys(subject.kind for subject in subjects):
        scopes = filled_scopes(scopes_of_type(kind))
        places = [
            (place, text)
            for place, subject in enumerate(subjects)
            if subject.kind is kind
            for text in subject.texts
        ]
        asked = [Asked(text.digest, subjects[place].position) for place, text in places]
        near = nearest_known(asked, scopes=scopes, limit=1, model=model)
        for (place, text), neighbors in zip(places, near, strict=True):
            found[place][text.field] = neighbors
    return list(found)


def _similar(neighbors: Sequence[Neighbor]) -> list[Neighbor]:
    return [each for each in neighbors if each.similarity >= settings.TEXT_SIMILARITY_MIN]


def _rounded(similarity: float) -> float:
    """Rounding keeps an exact copy from being more similar than 1."""
    return min(round(similarity, DIGITS), 1.0)


def _nearest_as_data(found: Found, model: TextModel) -> dict[str, Any]:
    """What the entry says of where the similarities come from."""
    return {
        "model": f"{model.name}@{model.version}",
        "nearest": [
            {
                "field": field,
                "policy": policy_in(each.scope),
                "event_position": each.position,
                "similarity": _rounded(each.similarity),
            }
            for field, neighbors in found.items()
            for each in _similar(neighbors)
        ],
    }


def _enriched(
    version: Mapping[str, Any], *, similar: Mapping[str, float], nearest: Mapping[str, Any]
) -> dict[str, Any]:
    """The data of a version of an event with these similarities in place of any before."""
    others = {
        column: value for column, value in version.get("signals", {}).items() if not _is_similarity(column)
    }
    return {**version, "signals": {**others, **similar}, "known_texts": dict(nearest)}


def _recorded(version: Mapping[str, Any]) -> dict[str, float]:
    return {column: value for column, value in version.get("signals", {}).items() if _is_similarity(column)}


def _is_similarity(column: str) -> bool:
    signal = column.partition(".")[2]
    return signal == SIMILARITY or signal.startswith(f"{SIMILARITY}_")
