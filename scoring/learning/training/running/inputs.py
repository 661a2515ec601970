"""What a training reads: its events, with what is known of them at the cut-off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.features.compile.plan import lane_plan
from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.training_set import (
    LabelHistory,
    TrainingSet,
    VectorTable,
    join_labels,
    without_outliers,
)
from scoring.learning.dataset.vectors_and_labels import read_labels, read_selection, read_vectors
from scoring.learning.dataset.vocabularies import Vocabulary, count_vocabulary
from scoring.learning.errors import InvalidTraining, NoEventsToEvaluate
from scoring.learning.leakage.times import check_times
from scoring.learning.texts.reading import with_texts
from scoring.learning.training.recipe import MAX_MATURITY_DAYS, TrainingRequest
from scoring.log.rebuild import last_position
from scoring.progress import ProgressReporter
from scoring.timestamps import to_iso


@dataclass(frozen=True)
class Inputs:
    """What a training reads: its events, later ones to test on, and what advice on too few of them needs.

    `times` int64[n]: when each event of the type occurred. `read_until`: the log position of the last label.
    """

    data: TrainingSet
    test: TrainingSet | None
    times: NDArray[np.int64]
    labels: LabelHistory
    selection: SelectionHistory
    vocabulary: Vocabulary
    read_until: int


def check_window(request: TrainingRequest, *, now: datetime) -> None:
    """Raises InvalidTraining for times that leave no events to train or evaluate on."""
    as_of, days = request.as_of, request.maturity / timedelta(days=1)
    if not 0 <= days <= MAX_MATURITY_DAYS:
        raise InvalidTraining("matures_after", days, f"a number of days from 0 to {MAX_MATURITY_DAYS:,}")
    if as_of > now:
        raise InvalidTraining("as_of", to_iso(as_of), "in the past; future labels are not known")
    if request.since is not None and request.since >= as_of:
        raise InvalidTraining("since", to_iso(request.since), f"before the cut-off, {to_iso(as_of)}")
    if request.test_until is not None and request.test_until <= as_of:
        raise InvalidTraining("test_until", to_iso(request.test_until), f"after the cut-off, {to_iso(as_of)}")
    if request.log_position is not None and request.log_position < 0:
        raise InvalidTraining("log_position", request.log_position, "0 or more")


def read_inputs(
    kind: type[EventType],
    request: TrainingRequest,
    *,
    on_disk: bool,
    now: datetime,
    watch: ProgressReporter,
) -> Inputs:
    """Read the lane and the labels and join them.

    The vectors of all events, which take most of the memory unless all are mature, are given up here.
    """
    read_until = last_position() if request.log_position is None else request.log_position
    vocabulary = count_vocabulary(kind, as_of=request.as_of, watch=watch)
    vectors = read_vectors(
        kind.name, vocabulary=vocabulary, log_position=request.log_position, watch=watch, on_disk=on_disk
    )
    vectors = with_texts(vectors, _text_fields(kind), watch=watch)
    labels = read_labels(vectors, log_position=read_until, watch=watch)
    selection = read_selection(vectors, log_position=read_until)
    data, test = training_and_test(vectors, labels, selection, request, now=now)
    return Inputs(data, test, vectors.occurred_at, labels, selection, vocabulary, read_until)


def training_and_test(
    vectors: VectorTable,
    labels: LabelHistory,
    selection: SelectionHistory,
    request: TrainingRequest,
    *,
    now: datetime,
) -> tuple[TrainingSet, TrainingSet | None]:
    """The events mature at the cut-off, without outliers in time; and, if requested, later events that are
    mature now. Raises FutureInformation.
    """
    joined = partial(
        join_labels,
        vectors=vectors,
        labels=labels,
        matures_after=request.maturity,
        selection=selection,
    )
    data = without_outliers(joined(as_of=request.as_of, since=request.since))
    check_times(data)
    if request.test_until is None:
        return data, None
    test = joined(as_of=now, since=request.as_of, until=request.test_until)
    check_times(test)
    require_rows(test, request.as_of, request.test_until)
    return data, test


def require_rows(test: TrainingSet, since: datetime, until: datetime) -> None:
    """Raises NoEventsToEvaluate if there are no events or no positive ones."""
    if len(test.y) == 0 or not test.y.any():
        raise NoEventsToEvaluate(
            event_type=test.event_type, since=to_iso(since), until=to_iso(until), rows=len(test.y)
        )


def _text_fields(kind: type[EventType]) -> list[str]:
    """The text fields from which new models of the type fill in features."""
    return [field for _, field, _ in lane_plan(kind.lane).feature_set(kind.name).resemblances]
