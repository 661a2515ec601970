"""The segments of sampled events, found once for the same conditions: reading the events takes a while."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from scoring.learning.policies.judged import ScoredEvents
from scoring.learning.policies.sampling.models import SampledSegments
from scoring.learning.policies.segmenting import segments_of
from scoring.log.entries import canonical_json
from scoring.rules.policies.policy import Policy

MAX_SEGMENTED = 4_000  # events of a sample whose segments are found


def places_of(policy: Policy, events: ScoredEvents) -> NDArray[np.int64]:
    """As `segments_of`; those of a stored sample are stored with it."""
    if events.drawn_at is None or not policy.segments:
        return segments_of(policy, events)
    key = {
        "event_type": events.event_type,
        "conditions": _digest(policy, events),
        "drawn_at": events.drawn_at,
    }
    stored = SampledSegments.objects.filter(**key).values_list("places", flat=True).first()
    if stored is not None:
        return np.frombuffer(stored, dtype="<i2").astype(np.int64)
    places = segments_of(policy, events)
    SampledSegments.objects.get_or_create(**key, defaults={"places": places.astype("<i2").tobytes()})
    return places


def _digest(policy: Policy, events: ScoredEvents) -> str:
    conditions = [[segment.name, segment.expression] for segment in policy.segments]
    told = {"conditions": conditions, "source": events.source, "events": len(events.score)}
    text = canonical_json(told)
    return hashlib.sha256(text.encode()).hexdigest()
