"""Recipes from plain values, such as those of a file, a schedule or a job, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from typing import Any

from scoring.learning.errors import InvalidTraining
from scoring.learning.recipes.fields import BY_PATH, FIELDS, value_at
from scoring.learning.training.recipe import CPU, DIRECTIONS, MEMORY, TrainingConfig

GROUPS = ("shares", "policy", "imbalance")
LEFT_OUT, MONOTONE, STATED = "features_left_out", "monotone", "thresholds"
SHARE_NAMES = ("train", "validation", "calibration", "test")
STATED_NAMES = ("review", "block")
KNOWN = (*(path for path in BY_PATH if "." not in path), *GROUPS, LEFT_OUT, MONOTONE, STATED)
ROUNDING = 1e-6


def read_recipe(values: Mapping[str, Any], *, base: TrainingConfig | None = None) -> TrainingConfig:
    """A recipe from plain values, as `stated_values` writes them; what they leave out is as in `base`.

    Raises InvalidTraining with the path, the value and what is allowed.
    """
    config = base or TrainingConfig()
    _refuse_unknown(values, "", KNOWN)
    for group in GROUPS:
        inner = values.get(group, {})
        _require_mapping(inner, group)
        names = [path.removeprefix(f"{group}.") for path in BY_PATH if path.startswith(f"{group}.")]
        _refuse_unknown(inner, f"{group}.", names)
    for field in FIELDS:
        given = _find(values, field.path)
        if given is not None:
            config = with_value(config, field.path, field.check(given))
    if LEFT_OUT in values:
        config = replace(config, features_left_out=_names(values[LEFT_OUT]))
    if MONOTONE in values:
        config = replace(config, monotone=_directions(values[MONOTONE]))
    if STATED in values:
        config = replace(config, explicit_thresholds=_thresholds(values[STATED]))
    return checked(config)


def recipe_of(parameters: Mapping[str, Any]) -> TrainingConfig:
    """The recipe that a version was trained with, from what is stored with it (`TrainingConfig.parameters`).

    What was stored before a parameter existed is as in the default recipe. Raises InvalidTraining.
    """
    policy = dict(parameters.get("policy", {}))
    if "worth_a_look" in policy:
        policy["min_review_score"] = policy.pop("worth_a_look")
    stored = {**parameters, "policy": policy, STATED: dict(parameters.get("stated_thresholds", ()))}
    return read_recipe({name: value for name, value in stored.items() if name in KNOWN})


def stated_values(config: TrainingConfig, *, base: TrainingConfig | None = None) -> dict[str, Any]:
    """The values in which a recipe differs from `base` (by default the default recipe), as plain values."""
    base, stated = base or TrainingConfig(), dict[str, Any]()
    for field in FIELDS:
        value = value_at(config, field.path)
        if value != value_at(base, field.path):
            _put(stated, field.path, value)
    if config.features_left_out != base.features_left_out:
        stated[LEFT_OUT] = list(config.features_left_out)
    if config.monotone != base.monotone:
        stated[MONOTONE] = dict(config.monotone)
    if config.explicit_thresholds != base.explicit_thresholds:
        stated[STATED] = dict(config.explicit_thresholds)
    return stated


def with_value(config: TrainingConfig, path: str, value: Any) -> TrainingConfig:
    """The recipe with another value at a path; the caller has checked it."""
    group, _, name = path.rpartition(".")
    if not group:
        return replace(config, **{name: value})
    return replace(config, **{group: replace(getattr(config, group), **{name: value})})


def checked(config: TrainingConfig) -> TrainingConfig:
    """The recipe, if its values go together. Raises InvalidTraining."""
    total = fsum(getattr(config.shares, name) for name in SHARE_NAMES)
    if abs(total - 1) > ROUNDING:
        raise InvalidTraining(
            "shares", round(total, 6), "a sum of 1 over train, validation, calibration and test"
        )
    both = sorted({name for name, _ in config.monotone} & set(config.features_left_out))
    if both:
        raise InvalidTraining("monotone", both[0], "a feature that is used; this one is also left out")
    for name, only in (("device", CPU), ("placement", MEMORY)):
        value = getattr(config, name)
        if config.tree_method == "exact" and value != only:
            raise InvalidTraining(name, value, f"possible with tree_method exact; use {only}")
    return config


def _refuse_unknown(values: Any, prefix: str, known: Sequence[str]) -> None:
    _require_mapping(values, prefix.rstrip(".") or "recipe")
    for name in values:
        if name not in known:
            raise InvalidTraining(
                f"{prefix}{name}", values[name], f"part of a recipe; it has {', '.join(known)}"
            )


def _require_mapping(values: Any, name: str) -> None:
    if not isinstance(values, Mapping):
        raise InvalidTraining(name, values, "a mapping of names and values")


def _find(values: Mapping[str, Any], path: str) -> Any:
    group, _, name = path.rpartition(".")
    return (values.get(group, {}) if group else values).get(name)


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    group, _, name = path.rpartition(".")
    (values.setdefault(group, {}) if group else values)[name] = value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
        raise InvalidTraining(LEFT_OUT, value, "a list of names of features")
    return tuple(sorted(set(value)))


def _directions(value: Any) -> tuple[tuple[str, str], ...]:
    _require_mapping(value, MONOTONE)
    for name, direction in value.items():
        if direction not in DIRECTIONS:
            raise InvalidTraining(f"{MONOTONE}.{name}", direction, f"one of {', '.join(DIRECTIONS)}")
    return tuple(sorted(value.items()))


def _thresholds(value: Any) -> tuple[tuple[str, float], ...]:
    _refuse_unknown(value, f"{STATED}.", STATED_NAMES)
    for name, threshold in value.items():
        is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
        if not is_number or not 0 <= threshold <= 1:
            raise InvalidTraining(f"{STATED}.{name}", threshold, "a number from 0 to 1")
    if value.get("review", 0) > value.get("block", 1):
        raise InvalidTraining(
            f"{STATED}.review", value["review"], f"at most the block threshold, {value['block']}"
        )
    return tuple(sorted((name, float(threshold)) for name, threshold in value.items()))
