"""What rules may read of an event that a lane has folded: its features by name, and the model's score."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.decisions.predictions.model_answers import ModelAnswer, Scored
from scoring.features.compile.plan import FeatureSet
from scoring.rules.deciding.findings import Facts
from scoring.rules.deciding.live_rules import LiveRules
from scoring.rules.deciding.recording import Unseen
from scoring.rules.expressions.activation import NOT_HELD


def facts_of(answer: ModelAnswer, rules: LiveRules) -> Facts:
    """The facts of an event with the answer of its model.

    A feature is read from the model's own set if that has it, else from the newest other one that does.
    """
    item = answer.item
    if not rules.features:
        return Facts(item.claim.event, score=answer.score)
    columns = _columns(rules, sets_in_order(answer.model.feature_set, item.sets))
    values: list[float | None] = item.row[columns].tolist()
    if (absent := _absent(rules, columns)) is not None:
        values = [None if lacks else value for value, lacks in zip(values, absent, strict=True)]
    return Facts(item.claim.event, values, answer.score)


def sets_in_order(own: FeatureSet, sets: Sequence[FeatureSet]) -> tuple[FeatureSet, ...]:
    """The feature sets in the order in which rules look features up: the model's own set first."""
    held = [each for each in sets if each.declared == own.declared]
    return (*held[:1], *(each for each in sets if each.declared != own.declared))


def sets_read(item: Scored, own: FeatureSet, rules: LiveRules) -> list[FeatureSet]:
    """The sets besides the model's own that have features which the rules read; decisions log them too."""
    missing = set(rules.features) - set(own.names)
    found = []
    for each in item.sets:
        if missing and each.declared != own.declared and missing & set(each.names):
            found.append(each)
            missing -= set(each.names)
    return found


@lru_cache(maxsize=256)
def _columns(rules: LiveRules, sets: tuple[FeatureSet, ...]) -> NDArray[np.int64]:
    return rules.builder.columns_in(sets)


def _absent(rules: LiveRules, columns: NDArray[np.int64]) -> list[bool] | None:
    absent = columns == NOT_HELD
    return absent.tolist() if absent.any() else None


def unseen_by(answer: ModelAnswer, rules: LiveRules) -> Sequence[Unseen]:
    """The rules that lacked what they read: features that the row does not hold, or the score of a model that
    could not be used. A row that was just folded holds all features.
    """
    if answer.basis != "fallback" and answer.item.claim.kind != "rescore":
        return []
    held = {name for each in answer.item.sets for name in each.names}
    return rules.unseen(held, score=answer.basis != "fallback")
