"""What rules may read of an event that a lane has folded: its features by name, and the model's score."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.predictions.head_answers import as_data
from scoring.decisions.predictions.model_answers import ModelAnswer, Scored
from scoring.features.compile.plan import FeatureSet
from scoring.rules.deciding.findings import Facts
from scoring.rules.deciding.live_rules import LiveRules
from scoring.rules.deciding.recording import Unseen
from scoring.rules.heads import NO_HEADS, Heads, scores_by_operand


def facts_of(answer: ModelAnswer, names: tuple[str, ...]) -> Facts:
    """The facts of an event with the answer of its model and the features of these names.

    A feature is read from the model's own set if that has it, else from the newest other one that does.
    """
    item = answer.item
    if not names:
        return Facts(item.claim.event, score=answer.score)
    features = features_in(
        item.row,
        names,
        own=answer.model.feature_set,
        sets=item.sets,
        vector=answer.vector,
        heads=as_data(answer.heads),
    )
    return Facts(item.claim.event, features, answer.score)


def features_in(
    row: NDArray[np.float64],
    names: tuple[str, ...],
    *,
    own: FeatureSet,
    sets: Sequence[FeatureSet],
    vector: NDArray[np.float64],
    heads: Heads = NO_HEADS,
) -> dict[str, float | None]:
    """The features of these names in a folded row that holds `sets`, as far as one of them has each.

    What the model filled in comes from its `vector` [F], of the set `own`; scores of policies from its
    `heads`.
    """
    held, columns = _columns(names, own, tuple(sets))
    found: dict[str, float | None] = dict(zip(held, row[columns].tolist(), strict=True))
    for column, *_ in own.resemblances:
        if own.names[column] in found:
            found[own.names[column]] = float(vector[column])
    if heads:
        found |= {name: score for name, score in scores_by_operand(heads).items() if name in names}
    return found


def sets_read(item: Scored, own: FeatureSet, names: tuple[str, ...]) -> list[FeatureSet]:
    """The sets besides the model's own that have features of these names; decisions log them too."""
    missing = _missing(names, own)
    found: list[FeatureSet] = []
    for each in item.sets if missing else ():
        if each.declared != own.declared and missing & set(each.names):
            found.append(each)
            missing -= set(each.names)
    return found


def _in_order(own: FeatureSet, sets: Sequence[FeatureSet]) -> tuple[FeatureSet, ...]:
    """The sets in the order in which features are looked up: the model's own first."""
    return tuple(sorted(sets, key=lambda each: each.declared != own.declared))


@lru_cache(maxsize=256)
def _columns(
    names: tuple[str, ...], own: FeatureSet, sets: tuple[FeatureSet, ...]
) -> tuple[list[str], NDArray[np.int64]]:
    """Those of the names that some set has, and the column of each in a folded row."""
    places: dict[str, int] = {}
    for each in _in_order(own, sets):
        for name, column in zip(each.names, each.columns.tolist(), strict=True):
            places.setdefault(name, column)
    held = [name for name in dict.fromkeys(names) if name in places]
    return held, np.array([places[name] for name in held], dtype=np.int64)


@lru_cache(maxsize=256)
def _missing(names: tuple[str, ...], own: FeatureSet) -> frozenset[str]:
    return frozenset(names) - frozenset(own.names)


def unseen_by(answer: ModelAnswer, rules: LiveRules) -> Sequence[Unseen]:
    """The rules that lacked what they read: features that the row does not hold, or the score of a model that
    could not be used. A row that was just folded holds all features.
    """
    if answer.basis != "fallback" and answer.item.claim.kind != "rescore":
        return []
    held = {name for each in answer.item.sets for name in each.names}
    held |= scores_by_operand(as_data(answer.heads)).keys()
    return rules.unseen(held, score=answer.basis != "fallback")
