"""Batch scoring: any period of an event type, scored by any model version, as a result set.

The scores are those that the model would have given live, to the bit: the same kernel folds the same lane in
the same order, and the same booster predicts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.errors import ModelFailed
from scoring.features.compile.plan import FeatureSet
from scoring.lanes.order import LaneHead, read_head
from scoring.learning.errors import EventTypeOfOtherModel, LaneReordered
from scoring.learning.result_sets.files import ResultSet, SetDescription, SetManifest
from scoring.learning.result_sets.vectors import EventVectors, Period, iter_vectors
from scoring.learning.texts.filling import fill_texts
from scoring.learning.texts.reading import texts_at
from scoring.offline.lane import ITEMS_A_BATCH
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import LoadedModel, load_for_bulk
from scoring.registry.model_versions import find_version
from scoring.registry.models import ModelVersion
from scoring.timestamps import from_iso, to_iso

ROWS_A_FILE = 200_000


@dataclass(frozen=True, slots=True)
class ScoringRequest:
    """What to score, and where to write it. `event_type`: that of the model, if it is stated.

    `until`: None for that of the run to continue, or for now. `explanations`: include the contribution of
    every feature to the margin.
    """

    model: str
    since: datetime
    until: datetime | None
    out: str
    event_type: str | None = None
    explanations: bool = False


def score_period(
    request: ScoringRequest,
    *,
    now: datetime,
    threads: int = 1,
    anew: bool = False,
    rows_a_file: int = ROWS_A_FILE,
    items: int = ITEMS_A_BATCH,
    watch: ProgressReporter = NO_PROGRESS,
) -> SetManifest:
    """Write the result set of a request, or continue that of an interrupted run; a complete one stays.

    A row is an event at its last version. Its outcome is that of the model's own thresholds and those of its
    policies, without lists, rules and the ruleset's policy. At most `rows_a_file` and the rows of one batch
    of `items` lane items are in memory. Raises UnknownModel, FeatureSetMissing, EventTypeOfOtherModel,
    ResultSetOfOtherRun, LaneReordered, ModelFailed.
    """
    version = find_version(request.model)
    if request.event_type not in (None, version.event_type):
        raise EventTypeOfOtherModel(name=version.name, event_type=version.event_type)
    head = read_head(find_event_type(version.event_type).lane)
    results = ResultSet(request.out)
    until = request.until or _begun_until(results, anew=anew) or now
    manifest = results.begin(_description(request, version, head, until=until), anew=anew)
    if manifest.is_complete:
        return manifest
    described = manifest.description
    if described.order != head.order:
        raise LaneReordered(head.lane)
    model = load_for_bulk(request.model, threads=threads)
    scorer = _Scorer(model, check_feature_set(model), explanations=request.explanations)
    vectors = iter_vectors(
        scorer.feature_set,
        model.spec.vocabularies,
        period=Period(request.since, until),
        head=replace(head, seq=described.seq),
        after=manifest.reached,
        items=items,
        watch=watch,
    )
    for table, reached in _in_files(map(scorer.table, vectors), rows=rows_a_file):
        manifest = results.add(manifest, table, reached=reached)
    if read_head(head.lane).order != described.order:
        raise LaneReordered(head.lane)
    return results.finish(manifest)


def _description(
    request: ScoringRequest, version: ModelVersion, head: LaneHead, *, until: datetime
) -> SetDescription:
    return SetDescription(
        model=version.name,
        artifact=version.artifact,
        event_type=version.event_type,
        since=to_iso(request.since),
        until=to_iso(until),
        explanations=request.explanations,
        order=head.order,
        seq=head.seq,
    )


def _begun_until(results: ResultSet, *, anew: bool) -> datetime | None:
    """The end of the period of the run to continue; None if there is none."""
    begun = None if anew else results.manifest()
    return from_iso(begun.description.until) if begun else None


def _in_files(tables: Iterable[pa.Table], *, rows: int) -> Iterator[tuple[pa.Table, int]]:
    """(table, its last seq): the tables joined until they have `rows` rows."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting += [table] if len(table) else []
        if sum(map(len, waiting)) >= rows:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(tables: Sequence[pa.Table]) -> tuple[pa.Table, int]:
    table = pa.concat_tables(tables)
    return table.unify_dictionaries(), int(table["seq"][-1].as_py())


class _Scorer:
    """A model that makes rows of a result set."""

    def __init__(self, model: LoadedModel, feature_set: FeatureSet, *, explanations: bool) -> None:
        self.feature_set = feature_set
        self._model, self._explanations = model, explanations
        self._outcomes = find_event_type(model.event_type).outcomes

    def table(self, events: EventVectors) -> pa.Table:
        """A row for each event. Raises ModelFailed."""
        features = events.features
        texts = {
            text.field: texts_at(self._model.event_type, text.field, events.positions)
            for text in self._model.texts
        }
        fill_texts(features, self._model, self.feature_set, texts)
        margins, scores, contributions = self._predict(features)
        heads = {policy: head.predict(features) for policy, head in self._model.heads.items()}
        source, sender_id = (events.identity[name].cast(pa.string()) for name in ("_source", "_id"))
        return pa.table(
            {
                "stream": pc.binary_join_element_wise(self._model.event_type, source, sender_id, "/"),
                "source": source,
                "id": sender_id,
                "occurred_at": events.identity["_occurred_at"],
                "position": pa.array(events.positions),
                "seq": pa.array(events.seqs),
                "score": pa.array(scores),
                "margin": pa.array(margins),
                "outcome": self._outcomes_of(scores, heads),
                **{f"policy_{policy}": pa.array(of_head) for policy, of_head in heads.items()},
                **contributions,
            }
        )

    def _predict(
        self, features: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, pa.Array]]:
        if not self._explanations:
            margins, scores = self._model.predict(features)
            return margins, _checked(self._model, scores), {}
        margins, scores, contributions = self._model.explain(features)
        names = [*self.feature_set.names, "bias"]
        columns = {
            f"contribution_{name}": pa.array(contributions[:, column]) for column, name in enumerate(names)
        }
        return margins, _checked(self._model, scores), columns

    def _outcomes_of(
        self, scores: NDArray[np.float64], heads: Mapping[str, NDArray[np.float64]]
    ) -> pa.DictionaryArray:
        severity = severities_of(scores, self._model.thresholds, self._outcomes)
        for policy, of_head in heads.items():
            of_policy = severities_of(of_head, self._model.heads[policy].thresholds, self._outcomes)
            severity = np.maximum(severity, of_policy)
        return pa.DictionaryArray.from_arrays(pa.array(severity), pa.array(self._outcomes))


def severities_of(
    scores: NDArray[np.float64], thresholds: Mapping[str, float], outcomes: Sequence[str]
) -> NDArray[np.int32]:
    """The outcomes of scores [n] as positions in `outcomes`, the mildest first: `outcome_of` for many."""
    severity = np.zeros(len(scores), dtype=np.int32)
    for place, outcome in enumerate(outcomes):
        if outcome in thresholds:
            severity[scores >= thresholds[outcome]] = place
    return severity


def _checked(model: LoadedModel, scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(scores).all():
        raise ModelFailed(model.name, "its scores are not all numbers")
    return scores
