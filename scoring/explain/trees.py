"""An XGBoost ensemble as arrays, read from the booster's own JSON."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.explain.errors import NotTabulated
from scoring.explain.prediction import load_booster, predict_margin
from scoring.explain.xgboost_native import xgb


@dataclass(frozen=True)
class Tree:
    """One tree, with node 0 as its root. Arrays have one value per node; a leaf's `left` is -1.

    A row goes left if its float32 value is below `threshold` float32, or is missing and `missing_left`; a
    leaf's `threshold` is its value. `cover` is the hessian of the training rows that reached the node.
    """

    left: list[int]
    right: list[int]
    feature: list[int]
    threshold: NDArray[np.float32]
    missing_left: list[int]
    cover: list[float]

    def is_leaf(self, node: int) -> bool:
        """Whether the node has no split."""
        return self.left[node] == -1

    def share(self, node: int, left: bool) -> float:
        """The share of the node's training rows that went left, or right."""
        child = self.left[node] if left else self.right[node]
        return self.cover[child] / self.cover[node]


class Ensemble(NamedTuple):
    """Trees whose leaves are added to `base` (float32) in order, for rows of `width` features."""

    trees: list[Tree]
    base: np.float32
    width: int


def read_ensemble(booster: xgb.Booster) -> Ensemble:
    """The trees of a booster with one margin per row.

    Raises NotTabulated for several outputs, weighted trees (dart), linear boosters, categorical splits,
    thresholds that are not finite and splits without cover.
    """
    content = json.loads(bytes(booster.save_raw("json")))
    learner = content["learner"]
    _check_kind(learner)
    trees = [_tree(tree) for tree in learner["gradient_booster"]["model"]["trees"]]
    return Ensemble(trees, _base_margin(content), int(learner["learner_model_param"]["num_feature"]))


def _check_kind(learner: dict[str, Any]) -> None:
    if (kind := learner["gradient_booster"]["name"]) != "gbtree":
        raise NotTabulated(f"the booster is a {kind}")
    shape = learner["learner_model_param"]
    if int(shape["num_class"]) > 1 or int(shape["num_target"]) > 1:
        raise NotTabulated("it has several outputs")


def _tree(stored: dict[str, Any]) -> Tree:
    if any(stored["split_type"]):
        raise NotTabulated("it splits by sets of categories")
    tree = Tree(
        left=stored["left_children"],
        right=stored["right_children"],
        feature=stored["split_indices"],
        threshold=np.array(stored["split_conditions"], dtype=np.float32),
        missing_left=stored["default_left"],
        cover=stored["sum_hessian"],
    )
    if not np.isfinite(tree.threshold).all():
        raise NotTabulated("a threshold or leaf is not finite")
    if any(cover <= 0 for node, cover in enumerate(tree.cover) if not tree.is_leaf(node)):
        raise NotTabulated("a split has no cover")
    return tree


def _base_margin(content: dict[str, Any]) -> np.float32:
    """XGBoost's initial margin: its prediction once the trees are removed (from `content` as well)."""
    model = content["learner"]["gradient_booster"]["model"]
    model.update(trees=[], tree_info=[], iteration_indptr=[0])
    model["gbtree_model_param"]["num_trees"] = "0"
    bare = load_booster(json.dumps(content).encode(), threads=1)
    return np.float32(predict_margin(bare, np.zeros((1, bare.num_features())))[0])
