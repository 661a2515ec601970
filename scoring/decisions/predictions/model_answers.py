"""Ask the models about a micro-batch: each event's score and reasons, or why no model answered."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring.batch.serve.lookup import Numbers
from scoring.decisions.errors import ModelFailed, VectorOfOtherFeatures
from scoring.decisions.predictions.categories import apply_vocabulary
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.predicting import predict
from scoring.features.compile.plan import FeatureSet
from scoring.lanes.claiming import Claim
from scoring.lanes.order import values_of
from scoring.registry.loaded_models import LoadedModel
from scoring.sentences.reasons import reasons_for
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

Basis = Literal["model", "no_model", "fallback"]
NO_CONTRIBUTIONS: NDArray[np.float64] = np.empty(0)


@dataclass(frozen=True, slots=True)
class Scored:
    """A claimed event and the row that its lane folded for it [plan.width], at this seq of the lane's order.

    `sets`: the feature sets whose values the row holds; a row just folded holds all of the event's type. Open
    categories are not encoded yet, since each model has its own vocabulary. `batch`: the version of each
    batch view that values were read from.
    """

    claim: Claim
    order: int
    seq: int
    row: NDArray[np.float64]
    sets: Sequence[FeatureSet]
    batch: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What the model of an event's arm answered; without a `score`, `model` says why none did.

    `vector` [F] and `contributions` [F + 1, none without a score] are of the model's feature set.
    `thresholds`: those that were stored with the model.
    """

    item: Scored
    model: DecidingModel
    vector: NDArray[np.float64]
    contributions: NDArray[np.float64] = field(default_factory=lambda: NO_CONTRIBUTIONS)
    margin: float | None = None
    score: float | None = None
    thresholds: Mapping[str, float] | None = None
    reasons: Sequence[Mapping[str, Any]] = ()

    @property
    def basis(self) -> Basis:
        if self.score is not None:
            return "model"
        return "fallback" if self.model.cause else "no_model"

    @property
    def cause(self) -> str:
        """Why the due model could not be used, "" if it could or none is due."""
        return "" if self.score is not None else self.model.cause


def ask_models(scored: Sequence[Scored], *, deciding: DecidingModels) -> list[ModelAnswer]:
    """The answer for each event, in the order given, by the model of its arm."""
    places: dict[str, list[int]] = defaultdict(list)
    models: dict[str, DecidingModel] = {}
    for place, item in enumerate(scored):
        model = deciding.model_for(item.claim.event)
        models[model.name] = model
        places[model.name].append(place)
    answers: dict[int, ModelAnswer] = {}
    for name, rows in places.items():
        asked = [scored[row] for row in rows]
        answers.update(zip(rows, _ask(models[name], asked, deciding=deciding), strict=True))
    return [answers[place] for place in range(len(scored))]


def _ask(model: DecidingModel, items: Sequence[Scored], *, deciding: DecidingModels) -> list[ModelAnswer]:
    if model.loaded is None:
        return [ModelAnswer(item, model, model.feature_set.vector_of(item.row)) for item in items]
    try:
        return _answers_of(model, model.loaded, items)
    except ModelFailed as error:
        failure = error
    return _after_failure(failure, model, items, deciding=deciding)


def _after_failure(
    failure: ModelFailed, model: DecidingModel, items: Sequence[Scored], *, deciding: DecidingModels
) -> list[ModelAnswer]:
    """Ask about each event alone, as one may have caused the failure; then the champion; then no model."""
    if len(items) > 1:
        return [answer for item in items for answer in _ask(model, [item], deciding=deciding)]
    logger.error("%s: %s", items[0].claim.event_stream, failure)
    if model is not deciding.champion:
        return _ask(deciding.champion, items, deciding=deciding)
    failed = replace(model, loaded=None, cause="model_failed", feature_set=deciding.newest)
    return _ask(failed, items, deciding=deciding)


def _answers_of(model: DecidingModel, loaded: LoadedModel, items: Sequence[Scored]) -> list[ModelAnswer]:
    _require_values(model, items)
    rows = np.stack([item.row for item in items])
    context = model.feature_set.context_of(rows)
    context[[item.claim.kind == "rescore" for item in items]] = np.nan  # its usual values were not logged
    features = apply_vocabulary(
        model.feature_set.vector_of(rows),
        feature_set=model.feature_set,
        fields=[values_of(item.claim.event) for item in items],
    )
    with telemetry.stage("predict", events=len(items)):
        predicted = predict(loaded, features)
    return [
        ModelAnswer(
            item=item,
            model=model,
            vector=features[row],
            contributions=predicted.contributions[row],
            margin=float(predicted.margins[row]),
            score=float(predicted.scores[row]),
            thresholds=loaded.thresholds,
            reasons=reasons_for(
                vector=features[row],
                contributions=predicted.contributions[row],
                context=context[row],
                feature_set=model.feature_set,
                medians=loaded.medians,
            ),
        )
        for row, item in enumerate(items)
    ]


def _require_values(model: DecidingModel, items: Sequence[Scored]) -> None:
    """Raise VectorOfOtherFeatures for an event to score again whose decision did not log the model's set."""
    needed = model.feature_set.declared
    for item in items:
        if all(held.declared != needed for held in item.sets):
            raise VectorOfOtherFeatures(item.claim.event_stream, model=model.name, needed=needed)
