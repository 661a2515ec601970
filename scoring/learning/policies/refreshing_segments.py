"""Finds the segments of events in new samples in the background, before a page needs them."""

from datetime import datetime

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import scored_type
from scoring.learning.policies.judged import ScoredEvents, stored_decisions
from scoring.learning.policies.off_policy.reading import stored_logged_decisions
from scoring.learning.policies.sampled_segments import MAX_SEGMENTED, places_of
from scoring.learning.policies.sampling.models import SampledSegments
from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.stored import policy_from


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
