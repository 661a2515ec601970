"""Ask the models about a micro-batch: each event's score and reasons, or why no model answered."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring.batch.serve.lookup import Numbers
from scoring.decisions.errors import ModelFailed, VectorOfOtherFeatures
from scoring.decisions.predictions.deciding_models import DecidingModel, DecidingModels
from scoring.decisions.predictions.event_texts import EventTexts, reveal_texts
from scoring.decisions.predictions.head_answers import NO_HEADS, HeadAnswers, ask_heads
from scoring.decisions.predictions.model_columns import fill_model_columns
from scoring.decisions.predictions.predicting import predict
from scoring.decisions.predictions.reasoning import Reasoner
from scoring.features.compile.plan import FeatureSet
from scoring.lanes.claiming import Claim
from scoring.lanes.order import values_of
from scoring.registry.loaded_models import LoadedModel
from scoring.rules.policies.policy import Policy
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

Basis = Literal["model", "no_model", "fallback"]
NO_CONTRIBUTIONS: NDArray[np.float64] = np.empty(0)


@dataclass(frozen=True, slots=True)
class Scored:
    """A claimed event and the row that its lane folded for it [plan.width], at this seq of the lane's order.

    `sets`: the feature sets whose values the row holds; a row just folded holds all of the event's type. What
    differs between models, such as codes of open categories, is not filled in yet. `batch`: the version of
    each batch view that values were read from. `texts`: by digest, those of an event that is not stored.
    """

    claim: Claim
    order: int
    seq: int
    row: NDArray[np.float64]
    sets: Sequence[FeatureSet]
    batch: Numbers = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What the model of an event's arm answered; without a `score`, `model` says why none did.

    `vector` [F] and `contributions` [F + 1, none without a score] are of the model's feature set.
    `thresholds`: those that were stored with the model. `heads`: what its heads answered, by policy.
    """

    item: Scored
    model: DecidingModel
    vector: NDArray[np.float64]
    contributions: NDArray[np.float64] = field(default_factory=lambda: NO_CONTRIBUTIONS)
    margin: float | None = None
    score: float | None = None
    thresholds: Mapping[str, float] | None = None
    reasons: Sequence[Mapping[str, Any]] = ()
    heads: HeadAnswers = field(default_factory=lambda: NO_HEADS)

    @property
    def basis(self) -> Basis:
        if self.score is not None:
            return "model"
        return "fallback" if self.model.cause else "no_model"

    @property
    def cause(self) -> str:
        """Why the due model could not be used, "" if it could or none is due."""
        return "" if self.score is not None else self.model.cause


def ask_models(
    scored: Sequence[Scored], *, deciding: DecidingModels, policy: Policy | None = None
) -> list[ModelAnswer]:
    """The answer for each event, in the order given, by the model of its arm.

    `policy`: that of the ruleset, which may set the thresholds of heads.
    """
    places: dict[str, list[int]] = defaultdict(list)
    models: dict[str, DecidingModel] = {}
    for place, item in enumerate(scored):
        model = deciding.model_for(item.claim.event)
        models[model.name] = model
        places[model.name].append(place)
    texts = _texts_for(models.values(), scored)
    answers: dict[int, ModelAnswer] = {}
    for name, rows in places.items():
        asked = [scored[row] for row in rows]
        given = _ask(models[name], asked, deciding=deciding, texts=texts, policy=policy)
        answers.update(zip(rows, given, strict=True))
    return [answers[place] for place in range(len(scored))]


def _texts_for(models: Iterable[DecidingModel], scored: Sequence[Scored]) -> EventTexts | None:
    """The texts that some deciding model reads, with one query for all events; None if none does."""
    names = [text.field for model in models if model.loaded for text in model.loaded.texts]
    if not names:
        return None
    return reveal_texts(
        scored[0].claim.event["type"],
        [item.claim.event["fields"] for item in scored],
        names=names,
        given={digest: text for item in scored for digest, text in item.texts.items()},
    )


def _ask(
    model: DecidingModel,
    items: Sequence[Scored],
    *,
    deciding: DecidingModels,
    texts: EventTexts | None,
    policy: Policy | None,
) -> list[ModelAnswer]:
    if model.loaded is None:
        return [ModelAnswer(item, model, model.feature_set.vector_of(item.row)) for item in items]
    try:
        return _answers_of(model, model.loaded, items, texts=texts, policy=policy)
    except ModelFailed as error:
        failure = error
    return _after_failure(failure, model, items, deciding=deciding, texts=texts, policy=policy)


def _after_failure(
    failure: ModelFailed,
    model: DecidingModel,
    items: Sequence[Scored],
    *,
    deciding: DecidingModels,
    texts: EventTexts | None,
    policy: Policy | None,
) -> list[ModelAnswer]:
    """Ask about each event alone, as one may have caused the failure; then the champion; then no model."""
    asked: dict[str, Any] = {"deciding": deciding, "texts": texts, "policy": policy}
    if len(items) > 1:
        return [answer for item in items for answer in _ask(model, [item], **asked)]
    logger.error("%s: %s", items[0].claim.event_stream, failure)
    if model is not deciding.champion:
        return _ask(deciding.champion, items, **asked)
    failed = replace(model, loaded=None, cause="model_failed", feature_set=deciding.newest)
    return _ask(failed, items, **asked)


def _answers_of(
    model: DecidingModel,
    loaded: LoadedModel,
    items: Sequence[Scored],
    *,
    texts: EventTexts | None,
    policy: Policy | None,
) -> list[ModelAnswer]:
    _require_values(model, items)
    rows = np.stack([item.row for item in items])
    context = model.feature_set.context_of(rows)
    context[[item.claim.kind == "rescore" for item in items]] = np.nan  # its usual values were not logged
    fields = [values_of(item.claim.event) for item in items]
    with telemetry.stage("predict", events=len(items)):
        features = fill_model_columns(
            model.feature_set.vector_of(rows),
            feature_set=model.feature_set,
            fields=fields,
            models=loaded.texts,
            texts=texts,
        )
        predicted = predict(loaded, features)
        reasoner = Reasoner(loaded, model.feature_set, features, context, fields, texts)
        heads = ask_heads(loaded, features, reasoner=reasoner, fields=fields, policies=[policy] * len(items))
    return [
        ModelAnswer(
            item=item,
            model=model,
            vector=features[row],
            contributions=predicted.contributions[row],
            margin=float(predicted.margins[row]),
            score=float(predicted.scores[row]),
            thresholds=loaded.thresholds,
            reasons=reasoner.reasons(row, predicted.contributions[row]),
            heads=heads[row],
        )
        for row, item in enumerate(items)
    ]


def _require_values(model: DecidingModel, items: Sequence[Scored]) -> None:
    """Raise VectorOfOtherFeatures for an event to score again whose decision did not log the model's set."""
    needed = model.feature_set.declared
    for item in items:
        if all(held.declared != needed for held in item.sets):
            raise VectorOfOtherFeatures(item.claim.event_stream, model=model.name, needed=needed)
