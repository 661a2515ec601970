"""How soon moderation learns: comments in time order, with verdicts that come a day later.

The comments are loaded as history of the event type `content`. At each of several moments a model is trained
on what was known then, and judged on the comments that came next: as a live model would have been.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from scoring.ingest.imports import ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.learning.errors import NotEnoughToTrain
from scoring.learning.metrics.quality import precision_and_recall_at
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import FittedModel, fit_model
from scoring.states.history import sequence_history

EVENT_TYPE, LANE = "content", "community"
VERDICT_DELAY = timedelta(days=1)
LIKELY = 0.5  # the score from which a comment counts as called spam
MINIMUM_POSITIVES = 12  # of the training slice; an installation that starts would ask for as few


@dataclass(frozen=True)
class Step:
    """A model trained on what was known of the first comments, and judged on the next ones.

    `known`: the comments with a verdict, `spam` how many of them were spam; `judged`: the next ones.
    `precision` and `recall`: of those with a score of at least LIKELY. `why_not`: why there is no model.
    """

    known: int
    spam: int
    judged: int
    average_precision: float = math.nan
    precision: float = math.nan
    recall: float = math.nan
    why_not: str = ""


def read_comments(path: str) -> pd.DataFrame:
    """Comments with `id`, `occurred_at`, `author`, `thread`, `text` and their verdicts, in time order.

    The file's columns: comment_id, occurred_at, author_id, video_id, text, is_spam.
    """
    raw = pd.read_csv(path)
    times = pd.to_datetime(raw.occurred_at, utc=True, format="ISO8601")
    spam = raw.is_spam == 1
    rows = pd.DataFrame(
        {
            "id": raw.comment_id,
            "occurred_at": times,
            "kind": "comment",
            "author": raw.author_id,
            "thread": raw.video_id,
            "text": raw.text,
            "label": spam.map({True: "violating", False: "acceptable"}),
            "label_known_at": times + VERDICT_DELAY,
            "policies": spam.map({True: "spam", False: ""}),
        }
    )
    return rows.drop_duplicates("id").sort_values("occurred_at", kind="stable").reset_index(drop=True)


def load(rows: pd.DataFrame, *, now: datetime) -> int:
    """Load the comments with their verdicts as history; returns how many were accepted."""
    label = LabelMapping(column="label", known_at="label_known_at", source="people", policies="policies")
    mapping = ColumnMapping(type=EVENT_TYPE, source="forum", label=label)
    report = ingest_frame(rows, mapping=mapping, history=True, now=now)
    sequence_history(LANE)
    return report.accepted


def walk(rows: pd.DataFrame, counts: Sequence[int], *, now: datetime) -> Iterator[Step]:
    """Train when each number of comments has been written, and judge on those up to the next number."""
    times = [moment.to_pydatetime().astimezone(UTC) for moment in rows.occurred_at]
    for count, following in zip(counts, [*counts[1:], len(rows)], strict=True):
        if following > count:
            yield _train(rows, times, count, following, now=now)


def _train(
    rows: pd.DataFrame, times: Sequence[datetime], count: int, following: int, *, now: datetime
) -> Step:
    as_of, until = times[count], times[following - 1] + timedelta(microseconds=1)
    known = rows[rows.label_known_at <= as_of]
    spam = int((known.label == "violating").sum())
    config = TrainingConfig(minimum_positives=MINIMUM_POSITIVES)
    request = TrainingRequest(EVENT_TYPE, as_of=as_of, test_until=until, matures_after=VERDICT_DELAY)
    try:
        fitted = fit_model(request, config=config, now=now)
    except NotEnoughToTrain as error:
        return Step(len(known), spam, following - count, why_not=str(error))
    return Step(len(known), spam, following - count, *_figures(fitted))


def _figures(fitted: FittedModel) -> tuple[float, float, float]:
    """Average precision, precision and recall of the main score; spam is the only policy here."""
    trained = fitted.trained
    precision, recall = precision_and_recall_at(trained.held_out.y, trained.score, LIKELY)
    return float(trained.metrics["average_precision"]), precision, recall


def table_lines(steps: Sequence[Step]) -> list[str]:
    """The steps as a table, one line each."""
    head = f"{'known':>6}{'spam':>6}{'next':>6}{'average precision':>19}{'precision':>11}{'recall':>8}"
    return [head, *(_line(step) for step in steps)]


def _line(step: Step) -> str:
    counts = f"{step.known:>6}{step.spam:>6}{step.judged:>6}"
    if step.why_not:
        return f"{counts}  no model: {step.why_not}"
    return f"{counts}{step.average_precision:>19.3f}{step.precision:>11.1%}{step.recall:>8.1%}"
