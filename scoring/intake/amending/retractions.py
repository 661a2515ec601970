"""Which events their senders retracted."""

from scoring.intake.models import Amendment


def retracted_events(event_type: str) -> set[int]:
    """The positions of the retracted events of a type."""
    retractions = Amendment.objects.filter(event_type=event_type, kind=Amendment.Kind.RETRACTION)
    return set(retractions.values_list("event_position", flat=True))
