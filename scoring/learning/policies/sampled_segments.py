"""The segments of sampled events, found once for the same conditions: reading the events takes a while."""

import hashlib
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import scored_type
from scoring.learning.policies.judged import ScoredEvents, stored_decisions
from scoring.learning.policies.off_policy.reading import stored_logged_decisions
from scoring.learning.policies.sampling.models import SampledSegments
from scoring.learning.policies.segmenting import segments_of
from scoring.log.entries import canonical_json
from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.stored import policy_from

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


def refresh_segments(*, now: datetime) -> None:
    """Find the segments of the latest samples for policies that pages compare; forget earlier ones."""
    for in_use in PolicyInUse.objects.all():
        samples = _stored_samples(scored_type(in_use.event_type), now=now)
        if not samples:
            continue
        SampledSegments.objects.filter(event_type=in_use.event_type).exclude(
            drawn_at__in=[each.drawn_at for each in samples]
        ).delete()
        compared = StoredPolicy.objects.filter(event_type=in_use.event_type)
        numbers = [in_use.active, in_use.shadow, in_use.requested, in_use.newest]
        for version in compared.filter(number__in=[number for number in numbers if number is not None]):
            for events in samples:
                places_of(policy_from(version), events)


def _stored_samples(kind: type[EventType], *, now: datetime) -> list[ScoredEvents]:
    """The samples on which the policies of a type are measured and estimated, as far as they are drawn."""
    judged = stored_decisions(kind, now=now, size=MAX_SEGMENTED)
    logged = stored_logged_decisions(kind, now=now, size=MAX_SEGMENTED)
    return [each for each in (judged, logged) if each is not None]


def _digest(policy: Policy, events: ScoredEvents) -> str:
    conditions = [[segment.name, segment.expression] for segment in policy.segments]
    told = {"conditions": conditions, "source": events.source, "events": len(events.score)}
    text = canonical_json(told)
    return hashlib.sha256(text.encode()).hexdigest()
