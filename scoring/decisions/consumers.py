"""The consumer that scores decided events by shadow models."""

from collections.abc import Sequence
from datetime import datetime

from scoring.decisions.models import ShadowScore
from scoring.log.consumers.registry import Consumer, register
from scoring.log.entries import Entry


def score_shadows(entries: Sequence[Entry], *, now: datetime) -> None:
    """Score the events that models decided by the shadows of each decision's route."""
    from scoring.decisions import shadow  # noqa: PLC0415 (XGBoost and numba, which pages about consumers lack)

    shadow.score_shadows(entries, now=now)


def forget_shadow_scores() -> None:
    """Delete all shadow scores before the log is read again."""
    ShadowScore.objects.all().delete()


SHADOW = register(
    Consumer(
        name="scoring.shadow",
        types=frozenset({"decision.made", "decision.revised"}),
        handle=score_shadows,
        reset=forget_shadow_scores,
    )
)
