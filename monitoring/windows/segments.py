"""How long windows of models by segment are kept. Apart from what counts them, which loads XGBoost."""

from datetime import datetime, timedelta
from typing import Final

from monitoring.models import ModelSegmentWindow

KEPT: Final = timedelta(days=36)  # a segment is compared with its last four weeks


def prune_segments(*, now: datetime) -> int:
    """Delete windows past their retention; returns how many."""
    return ModelSegmentWindow.objects.filter(start__lt=now - KEPT).delete()[0]
