"""Sums, differences and ratios in plain words: "the amount is 12 times the mean amount of ..."."""

import math

from scoring import declare
from scoring.declare import Expression
from scoring.features.specs import FeatureSpec
from scoring.sentences.figures import format_value, short_number
from scoring.sentences.nouns import noun_text


def say_arithmetic(spec: FeatureSpec, feature: declare.Arithmetic, value: float) -> str:
    """What was computed, for a value or NaN."""
    if not _compares(feature):
        shown = "not known" if math.isnan(value) else format_value(spec, value)
        return f"{noun_text(spec, feature)} is {shown}"
    if math.isnan(value):
        return _say_incomparable(spec, feature)
    if difference := _standardised_by(feature):
        far = short_number(abs(value))
        deviations = "standard deviation" if far == "1" else "standard deviations"
        compared = noun_text(spec, difference.left)
        return f"{compared} is {far} {deviations} {_side(value)} {noun_text(spec, difference.right)}"
    left, right = noun_text(spec, feature.left), noun_text(spec, feature.right)
    if feature.operator == "/":
        times = short_number(value)
        return f"{left} is {'1.0' if times == '1' else times} times {right}"
    return f"{left} is {format_value(spec, abs(value))} {_side(value)} {right}"


def usual_text(spec: FeatureSpec, feature: Expression, usual: float) -> str:
    """What is usual: of a difference, on which side of what it is compared with."""
    if isinstance(feature, declare.Arithmetic) and _tells_side(feature):
        return f"{format_value(spec, abs(usual))} {_side(usual)}"
    return format_value(spec, usual)


def _compares(feature: declare.Arithmetic) -> bool:
    """Whether its sentence tells of one thing beside another, and not of what both make."""
    return feature.operator in "-/" and declare.Constant not in (type(feature.left), type(feature.right))


def _tells_side(feature: declare.Arithmetic) -> bool:
    return _compares(feature) and (feature.operator == "-" or _standardised_by(feature) is not None)


def _side(value: float) -> str:
    return "above" if value >= 0 else "below"


def _standardised_by(feature: declare.Arithmetic) -> declare.Arithmetic | None:
    """The difference of a standard score, (something - a mean) / a standard deviation; None of others."""
    left, right = feature.left, feature.right
    if (
        feature.operator == "/"
        and isinstance(left, declare.Arithmetic)
        and left.operator == "-"
        and isinstance(left.right, declare.Aggregate)
        and left.right.function == "mean"
        and isinstance(right, declare.Aggregate)
        and right.function == "std"
    ):
        return left
    return None


def _say_incomparable(spec: FeatureSpec, feature: declare.Arithmetic) -> str:
    """Why there is no difference or ratio, by what an event may lack."""
    difference, divides = _standardised_by(feature), feature.operator == "/"
    left = difference.left if difference else feature.left
    text = f"{noun_text(spec, left)} cannot be compared with {noun_text(spec, feature.right)}"
    if _may_lack(spec, left):
        return f"{text}: one of them is not known{', or the latter is 0' if divides else ''}"
    lacks = _may_lack(spec, feature.right) or not divides
    return f"{text}, which is {' or '.join(['not known'] * lacks + ['0'] * divides)}"


def _may_lack(spec: FeatureSpec, feature: Expression) -> bool:
    """Whether a side of a comparison may be missing."""
    if isinstance(feature, declare.FieldValue):
        return feature.field.name in spec.optional
    if isinstance(feature, declare.Distinct) or getattr(feature, "function", "") in ("count", "sum"):
        return any(key.name in spec.optional for key in feature.keys)  # type: ignore[attr-defined]
    return not isinstance(feature, (declare.HourOfDay, declare.DayOfWeek))
