"""Explain one decision: all contributions, and how they add up to the score."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import event_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.compile.specs import FeatureSpec
from scoring.features.logged_vectors import unpack_vectors
from scoring.log.entries import Entry
from scoring.registry.calibration import Calibration
from scoring.registry.errors import ArtifactCorrupt, ArtifactMissing, UnknownModel
from scoring.registry.model_versions import ModelDescription, describe_model
from scoring.rules.rules_only.switch import RULES_ONLY
from scoring.sentences.feature_descriptions import describe_usual
from scoring.sentences.figures import format_value
from scoring.sentences.reasons import WITHOUT_USUAL
from scoring.sentences.value_sentences import describe_value


class Contribution(NamedTuple):
    """The contribution of one feature to a score.

    `text` is a sentence; `value`, `usual` and `median` are formatted, "" if unknown. `usual` is the entity's
    own usual value if the decision recorded it, and `usual_is` says what it is ("the 30-day mean of this
    card"); else the median of the model's training rows, and "". `median`: that one in any case.
    `contribution` is in log-odds of the margin; `odds` is the factor by which it changed the odds of the
    calibrated score (NaN if the calibration is not available). `is_context`: nobody can act on it.
    """

    feature: str
    code: str
    text: str
    value: str
    usual: str
    contribution: float
    odds: float
    usual_is: str = ""
    median: str = ""
    is_context: bool = False


class Explanation(NamedTuple):
    """From the bias, which all events share, to the score of this event.

    margin = bias + the sum of the contributions; score = sigmoid(slope * margin + intercept). `start` is the
    score of the bias alone. `contributions` are ordered by size. If not `complete`, they are only the reasons
    that the decision recorded, `why_not` gives the reason, and unknown values are None.
    """

    contributions: list[Contribution]
    bias: float | None
    margin: float | None
    score: float | None
    start: float | None
    slope: float | None
    intercept: float | None
    complete: bool
    why_not: str = ""


class _Gone(Exception):
    """The contributions of a decision can no longer be named; the message says why, as a sentence."""


def explain_decision(entry: Entry) -> Explanation:
    """Explain a `decision.made` or `.revised` from the vector and contributions that it carries.

    Raises `UnknownEventType` for a type that is not in the catalog.
    """
    data = entry.data
    if data["score"] is None:
        return _from_reasons(data, why_not=_without_score(data))
    try:
        packed, feature_set, model = _logged(entry)
    except _Gone as gone:
        return _from_reasons(data, why_not=str(gone))
    return _complete(data, packed, feature_set=feature_set, model=model)


def contributions_of(entry: Entry) -> dict[str, float]:
    """The contribution of each feature to the score of a decision, in log-odds; empty without a score.

    Only those of the recorded reasons if the model or its features are gone. Raises `UnknownEventType`.
    """
    if entry.data["score"] is None:
        return {}
    try:
        packed, feature_set, _ = _logged(entry)
    except _Gone:
        return {reason["feature"]: float(reason["contribution"]) for reason in entry.data["reasons"]}
    _, contributions = unpack_vectors(packed, width=len(feature_set.names))
    return dict(zip(feature_set.names, contributions[:-1].tolist(), strict=True))


def _logged(entry: Entry) -> tuple[bytes, FeatureSet, ModelDescription]:
    """The packed vector of a scored decision, the features it consists of and the model. Raises `_Gone`."""
    data = entry.data
    try:
        model = describe_model(data["model"])
    except (UnknownModel, ArtifactMissing, ArtifactCorrupt) as error:
        raise _Gone(f"The model can no longer be read ({error}).") from error
    kind = event_type(data["event_type"])
    plan = lane_plan(kind.lane, {kind.name: model.spec.vocabularies})
    feature_set = plan.find_feature_set(kind.name, data["feature_set"])
    if feature_set is None or entry.packed is None:
        raise _Gone(f"{data['model']} used features that are no longer declared.")
    return entry.packed, feature_set, model


def _complete(
    data: Mapping[str, Any], packed: bytes, *, feature_set: FeatureSet, model: ModelDescription
) -> Explanation:
    vector, contributions = unpack_vectors(packed, width=len(feature_set.names))
    calibration = model.spec.calibration
    told = {reason["feature"]: reason for reason in data["reasons"]}
    bias = float(contributions[-1])
    order = np.argsort(-np.abs(contributions[:-1]), kind="stable")
    context = event_type(data["event_type"]).context_features
    return Explanation(
        contributions=[
            _contribution(
                feature_set.features[column],
                value=float(vector[column]),
                median=model.medians[column],
                contribution=float(contributions[column]),
                slope=calibration.slope,
                told=told.get(feature_set.names[column]),
                context=context,
            )
            for column in order
        ],
        bias=bias,
        margin=data["margin"],
        score=data["score"],
        start=_score(calibration, bias),
        slope=calibration.slope,
        intercept=calibration.intercept,
        complete=True,
    )


def _contribution(
    spec: FeatureSpec,
    *,
    value: float,
    median: float | None,
    contribution: float,
    slope: float,
    told: Mapping[str, Any] | None,
    context: Collection[str],
) -> Contribution:
    """One feature, in the words of the decision if that mentions it."""
    typical = math.nan if median is None or spec.unit in WITHOUT_USUAL else median
    usual = _as_number(spec, told["usual"]) if told else typical
    is_own = _written(spec, usual) not in ("", _written(spec, typical))
    return Contribution(
        feature=spec.name,
        code=spec.code,
        text=told["text"] if told else describe_value(spec, value=value, usual=typical, own=False),
        value=_written(spec, value),
        usual=_written(spec, usual),
        contribution=contribution,
        odds=math.exp(slope * contribution),
        usual_is=describe_usual(spec) if is_own else "",
        median=_written(spec, typical),
        is_context=spec.is_calendar or spec.name in context,
    )


def _as_number(spec: FeatureSpec, presented: float | str | None) -> float:
    """What `spec.present` gave, as the number it was given; NaN for none and for names."""
    if not isinstance(presented, (int, float)):
        return math.nan
    return presented * 10 ** EXPONENTS[spec.currency] if spec.unit == "money" else float(presented)


def _written(spec: FeatureSpec, value: float) -> str:
    return "" if math.isnan(value) else format_value(spec, value)


def _score(calibration: Calibration, margin: float) -> float:
    return float(calibration.score(np.array([margin]))[0])


def _without_score(data: Mapping[str, Any]) -> str:
    if data["basis"] == "fallback":
        if data["cause"] == RULES_ONLY:
            return "Rules only: people had switched the models off, so lists and rules decided."
        cause = str(data["cause"]).replace("_", " ")
        return f"No model scored this event ({cause}); the failure policy decided."
    return "No model was deployed yet; the policy of the event type decided."


def _from_reasons(data: Mapping[str, Any], *, why_not: str) -> Explanation:
    """The explanation that the decision itself recorded."""
    return Explanation(
        contributions=[
            _recorded(reason, context=event_type(data["event_type"]).context_features)
            for reason in _by_size(data["reasons"])
        ],
        bias=None,
        margin=data["margin"],
        score=data["score"],
        start=None,
        slope=None,
        intercept=None,
        complete=False,
        why_not=why_not,
    )


def _by_size(reasons: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(reasons, key=lambda reason: -abs(reason["contribution"]))


def _recorded(reason: Mapping[str, Any], *, context: Collection[str]) -> Contribution:
    return Contribution(
        feature=reason["feature"],
        code=reason["code"],
        text=reason["text"],
        value=_plain(reason["value"]),
        usual=_plain(reason["usual"]),
        contribution=reason["contribution"],
        odds=math.nan,
        is_context=reason["feature"] in context,
    )


def _plain(value: float | str | None) -> str:
    """A recorded value without its unit, which is no longer known."""
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:,.4g}"
