"""Files are not shown while a limit of the reviewer is reached, except those of cases that they opened."""

from datetime import datetime

from reviews.models import Case
from reviews.work.viewing import why_withheld
from scoring.content.media.handling import register_viewing_rule


@register_viewing_rule
def why_media_are_withheld(user: str, event_position: int, now: datetime) -> str:
    """Every look at a file counts as sensitive, whatever its case."""
    case = Case.objects.filter(pk=event_position).first() if event_position else None
    reached = why_withheld(user, case, now=now, is_sensitive=True)
    return f"Not shown: {reached}." if reached else ""
