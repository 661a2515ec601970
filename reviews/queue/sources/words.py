"""The sources of cases in words."""

from reviews.models import Case
from reviews.queue.sources.settings import SourceSettings
from scoring.admin_kit.formatting import percent_text


def settings_text(settings: SourceSettings) -> str:
    """Settings in one line: "score near a threshold: 10.0 % of them, at most 50 a day"; "none"."""
    parts = [
        f"{Case.Why(each.name).label}: {percent_text(each.share)} of them, at most {each.per_day} a day"
        for each in settings.sources
        if each.share
    ]
    return "; ".join(parts) or "none"
