"""Margins and exact TreeSHAP of XGBoost ensembles, from tables if possible, else from XGBoost.

docs/reference/explanations.md explains the idea. Explainers are immutable, so threads may share one.
"""

import logging
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.explain import kernel
from scoring.explain.errors import NotTabulated
from scoring.explain.prediction import predict_contributions, predict_margin
from scoring.explain.tables import ExplanationTables, tabulate
from scoring.explain.trees import Ensemble, Tree, read_ensemble
from scoring.explain.xgboost_native import xgb

logger = logging.getLogger(__name__)

PROBES = 8
TOLERANCE = 1e-4  # of a probe's contribution; XGBoost adds in float32, which alone is off by about 1e-6


class Explainer(Protocol):
    """Explains a model; as text, it says how."""

    def explain(self, X: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """(margins [n], contributions [n, F + 1] with the bias last) of vectors [n, F]; NaN is missing.

        Margins are XGBoost's to the bit, and a row's result does not depend on the other rows.
        """

    def margins(self, X: NDArray) -> NDArray[np.float32]:
        """The margins [n] of `explain` alone, in the fastest way."""


@dataclass(frozen=True)
class TableExplainer:
    """Looks every row up in tables built once per model. Raises ValueError for rows of another width."""

    tables: ExplanationTables
    width: int

    def explain(self, X: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        rows = np.ascontiguousarray(X, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise ValueError(f"vectors [n, {self.width}] are needed, not {list(rows.shape)}")
        margins = np.empty(len(rows), dtype=np.float32)
        contributions = np.empty((len(rows), self.width + 1))
        kernel.look_up(rows, *self.tables, margins, contributions)
        return margins, contributions

    def margins(self, X: NDArray) -> NDArray[np.float32]:
        return self.explain(X)[0]  # many times faster than XGBoost for few rows

    def __str__(self) -> str:
        return f"tables of {self.tables.nbytes / 2**20:.1f} MiB"


@dataclass(frozen=True)
class LibraryExplainer:
    """Uses XGBoost, for models that cannot be tabulated (`why_not`); tens of times slower."""

    booster: xgb.Booster
    why_not: str

    def explain(self, X: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        return predict_margin(self.booster, X), predict_contributions(self.booster, X)

    def margins(self, X: NDArray) -> NDArray[np.float32]:
        return predict_margin(self.booster, X)

    def __str__(self) -> str:
        return f"XGBoost, because {self.why_not}"


def explainer_for(booster: xgb.Booster) -> Explainer:
    """The fastest explainer with XGBoost's own results; logs the reason if that is XGBoost itself."""
    try:
        ensemble = read_ensemble(booster)
        explainer = TableExplainer(tabulate(ensemble), ensemble.width)
        _check(explainer, booster, _probes(ensemble))
    except NotTabulated as reason:
        logger.warning("explanations come from XGBoost, tens of times slower: %s", reason)
        return LibraryExplainer(booster, str(reason))
    return explainer


def compile_kernels() -> None:
    """Compile the kernels, or load them from the cache, with a tree of one split."""
    threshold = np.array([0.0, -1.0, 1.0], dtype=np.float32)
    stump = Tree([1, -1, -1], [2, -1, -1], [0, 0, 0], threshold, [0, 0, 0], [2.0, 1.0, 1.0])
    TableExplainer(tabulate(Ensemble([stump], np.float32(0), 1)), 1).explain(np.zeros((1, 1)))


def _check(explainer: TableExplainer, booster: xgb.Booster, X: NDArray[np.float32]) -> None:
    """Compare with XGBoost on a few rows: another release may store or sum trees differently."""
    margins, contributions = explainer.explain(X)
    if margins.tobytes() != predict_margin(booster, X).tobytes():
        raise NotTabulated("the margins from its tables are not XGBoost's")
    theirs = predict_contributions(booster, X)
    if np.abs(contributions - theirs).max() > TOLERANCE * max(1.0, float(np.abs(theirs).max())):
        raise NotTabulated("the contributions from its tables are not XGBoost's")


def _probes(ensemble: Ensemble, seed: int = 0) -> NDArray[np.float32]:
    """Rows of thresholds of the ensemble and of missing values, so that rows take both sides of splits."""
    known: list[list[float]] = [[np.nan] for _ in range(ensemble.width)]
    for tree in ensemble.trees:
        for node, feature in enumerate(tree.feature):
            if not tree.is_leaf(node):
                known[feature].append(tree.threshold[node])
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(values, PROBES) for values in known], axis=1).astype(np.float32)
