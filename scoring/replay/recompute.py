"""Recomputes a decision from the lane's vector and the model that the decision names."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.registry import event_type
from scoring.decisions.errors import ModelFailed
from scoring.decisions.predictions.event_texts import EventTexts, reveal_texts
from scoring.decisions.predictions.head_answers import as_data, ask_heads
from scoring.decisions.predictions.model_columns import fill_model_columns
from scoring.decisions.predictions.predicting import predict
from scoring.decisions.predictions.reasoning import Reasoner
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.registry.errors import ArtifactCorrupt, FeatureSetMissing, UnknownModel
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.loaded_models import LoadedModel, load_model
from scoring.replay.lane_rows import LaneRows
from scoring.replay.logged import LoggedDecision
from scoring.rules.deciding.ruleset import ruleset_at
from scoring.rules.heads import NO_HEADS, Heads, severest_outcome
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.thresholds import outcome_of

# Errors that make a decision impossible to recompute; any other is a bug of replay.
UNUSABLE = (ArtifactCorrupt, UnknownModel, FeatureSetMissing)
# Stands for what was usual for an entity that was not folded: no decision logs it.
NOT_KNOWN: Final = object()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a decision recorded of the ruleset, in the words of its entry; `exploration` {} if it had none."""

    findings: Sequence[Mapping[str, Any]]
    errors: Sequence[Mapping[str, Any]]
    policy: Mapping[str, Any]
    thresholds: Mapping[str, float] | None
    decided_by: str
    initial: str
    exploration: Mapping[str, Any]

    @classmethod
    def logged(cls, data: Mapping[str, Any]) -> "Judgement":
        """The judgement that a decision logged."""
        return cls(
            findings=data["findings"],
            errors=data.get("rule_errors", []),
            policy=data.get("policy", {}),
            thresholds=data["thresholds"],
            decided_by=data["decided_by"],
            initial=data.get("initial", ""),
            exploration=data.get("exploration", {}),
        )


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A recomputed decision. `feature_set`: that of its vector; None if no lane had read one.

    `row`: the lane's folded row [plan.width] that the vector is from; `known`: its columns that are known.
    `of_model`: the thresholds stored with its model. `judgement`: what the ruleset says that the decision
    names; None if it names none. In reasons, NOT_KNOWN stands for what cannot be recomputed.

    `why_not` says why it could not be recomputed; then the other fields are empty.
    """

    outcome: str = ""
    feature_set: FeatureSet | None = None
    vector: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    contributions: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    margin: float | None = None
    score: float | None = None
    reasons: Sequence[dict[str, Any]] = ()
    heads: Heads = field(default_factory=lambda: NO_HEADS)
    row: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    known: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))
    of_model: Mapping[str, float] | None = None
    judgement: Judgement | None = None
    why_not: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the vector's values."""
        return self.feature_set.names if self.feature_set else ()


def recompute(logged: Sequence[LoggedDecision], rows: LaneRows) -> list[Recomputed]:
    """Recompute decisions of one event type from the rows of its lane.

    Unknown features of a row are taken from what its decision logged; all that follows from them is computed.
    """
    by_model: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, decision in enumerate(logged):
        model = decision.model if decision.basis == "model" else ""
        by_model[model, decision.entry.data["feature_set"]].append(place)
    made: dict[int, Recomputed] = {}
    for (model, feature_set), places in by_model.items():
        asked = [logged[place] for place in places]
        made.update(zip(places, _recompute(asked, rows[places], model, feature_set), strict=True))
    return [made[place] for place in range(len(logged))]


def without_lane(logged: LoggedDecision) -> Recomputed:
    """A decision made by the failure policy before a lane had sequenced the event."""
    return Recomputed(_policy_outcome(logged))


def not_in_lane(logged: LoggedDecision) -> Recomputed:
    """A decision whose lane position contains another event or none."""
    data = logged.entry.data
    return Recomputed(
        why_not=f"order {data['order']} of lane {data['lane']} has another event or none at its seq"
    )


def _recompute(
    logged: Sequence[LoggedDecision], rows: LaneRows, model: str, feature_set: str
) -> list[Recomputed]:
    """Recompute decisions that all name one model, or none ("")."""
    try:
        loaded = load_model(model) if model else None
        declared = (
            check_feature_set(loaded)
            if loaded
            else _unmodeled(logged[0].entry.data["event_type"], feature_set)
        )
    except UNUSABLE as error:
        return [Recomputed(why_not=str(error))] * len(logged)
    if feature_set != declared.hash:
        why_not = f"logged under feature set {feature_set[:12]}, this code declares {declared.hash[:12]}"
        return [Recomputed(why_not=why_not)] * len(logged)
    completed = rows.without_kept(logged).completed(logged, declared)
    if loaded is None:
        return _by_policy(logged, completed, declared)
    return _by_model_or_alone(logged, completed, loaded, declared)


def _by_model_or_alone(
    logged: Sequence[LoggedDecision], rows: LaneRows, loaded: LoadedModel, declared: FeatureSet
) -> list[Recomputed]:
    """Retry one by one: a failure over many rows may be caused by a single one."""
    try:
        return _by_model(logged, rows, loaded, declared)
    except ModelFailed as error:
        if len(logged) == 1:
            return [Recomputed(why_not=str(error))]
    alone = [slice(place, place + 1) for place in range(len(logged))]
    return [_by_model_or_alone(logged[place], rows[place], loaded, declared)[0] for place in alone]


def _by_policy(logged: Sequence[LoggedDecision], rows: LaneRows, declared: FeatureSet) -> list[Recomputed]:
    return [
        Recomputed(_policy_outcome(decision), declared, vector, row=row, known=known)
        for decision, vector, row, known in zip(
            logged, declared.vector_of(rows.values), rows.values, rows.known, strict=True
        )
    ]


def _by_model(
    logged: Sequence[LoggedDecision], rows: LaneRows, loaded: LoadedModel, declared: FeatureSet
) -> list[Recomputed]:
    fields = [decision.fields for decision in logged]
    texts = reveal_texts(loaded.event_type, fields, names=[text.field for text in loaded.texts])
    features = fill_model_columns(
        declared.vector_of(rows.values), feature_set=declared, fields=fields, models=loaded.texts, texts=texts
    )
    context, known = declared.context_of(rows.values), rows.known[:, declared.context_columns]
    rescored = [decision.rescored for decision in logged]
    context[rescored], known[rescored] = np.nan, True  # these decisions did not have what was usual either
    if loaded.texts:
        keep_logged_resemblances(features, known, logged, declared, texts)
    predicted = predict(loaded, features)
    reasoner = Reasoner(loaded, declared, features, context, fields, texts if loaded.texts else None)
    policies = [_policy_of(decision) if loaded.heads else None for decision in logged]
    answered = ask_heads(loaded, features, reasoner=reasoner, fields=fields, policies=policies)
    heads = [as_data(of_event) for of_event in answered]
    outcomes = event_type(loaded.event_type).outcomes
    unknown = [{declared.names[column] for column in np.flatnonzero(~of_event)} for of_event in known]
    return [
        Recomputed(
            outcome=severest_outcome(
                outcome_of(float(predicted.scores[row]), decision.entry.data["thresholds"], outcomes),
                heads[row],
                outcomes,
            ),
            feature_set=declared,
            vector=features[row],
            contributions=predicted.contributions[row],
            margin=float(predicted.margins[row]),
            score=float(predicted.scores[row]),
            reasons=_as_known(reasoner.reasons(row, predicted.contributions[row]), unknown[row]),
            heads={
                policy: {**head, "reasons": _as_known(head["reasons"], unknown[row])}
                for policy, head in heads[row].items()
            },
            row=rows.values[row],
            known=rows.known[row],
            of_model=loaded.thresholds,
        )
        for row, decision in enumerate(logged)
    ]


def _policy_of(logged: LoggedDecision) -> Policy | None:
    """The policy that decided events of its type under the ruleset that a decision names."""
    version = logged.entry.data.get("ruleset")
    return ruleset_at(version).policies.active(logged.entry.data["event_type"]) if version else None


def _as_known(reasons: Sequence[Mapping[str, Any]], unknown: Collection[str]) -> list[dict[str, Any]]:
    """The reasons, with NOT_KNOWN in the place of what is usual for the features of which that is unknown."""
    usual = {"usual": NOT_KNOWN, "text": NOT_KNOWN}
    return [{**each, **(usual if each["feature"] in unknown else {})} for each in reasons]


def keep_logged_resemblances(
    features: NDArray[np.float64],
    known: NDArray[np.bool_],
    logged: Sequence[LoggedDecision],
    feature_set: FeatureSet,
    texts: EventTexts,
) -> None:
    """Put back, in place, what a decision logged of a text that was erased since: nothing else knows it.

    What its reasons quoted is not known either, as `known` [n, F] says of the features then.
    """
    for column, field_name, _ in feature_set.resemblances:
        of_events = texts.of(field_name, [decision.fields for decision in logged])
        for row, (text, decision) in enumerate(zip(of_events, logged, strict=True)):
            if text is None and decision.fields.get(field_name) is not None:
                vector, _ = unpack_vectors(decision.entry.packed or b"", width=len(feature_set.names))
                features[row, column], known[row, column] = vector[column], False


def _unmodeled(name: str, logged: str) -> FeatureSet:
    """The logged feature set as lanes fold it, without codes of open categories; by default the newest."""
    plan = lane_plan(event_type(name).lane)
    return plan.find_feature_set(name, logged) or plan.feature_set(name)


def _policy_outcome(logged: LoggedDecision) -> str:
    kind = event_type(logged.entry.data["event_type"])
    return kind.failure_outcome if logged.basis == "fallback" else kind.no_model_outcome
