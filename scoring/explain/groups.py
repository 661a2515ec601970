"""Groups the leaves of a tree; each group shares a table, whose key bits are tests of the tree's splits."""

from collections.abc import Iterator
from typing import NamedTuple

from scoring.explain.errors import NotTabulated
from scoring.explain.kernel import LANE_BITS
from scoring.explain.trees import Tree

# Largest key that several leaves share. Measured with 200 trees of depth 6: with 6 bits there are more tables
# and a row takes half as long again; with 9 the tables outgrow the caches.
GROUP_BITS = 7
MAX_PATH_SPLITS = 64  # far more than a table could hold, unless a few features repeat


class PathStep(NamedTuple):
    """A split on a path, and whether the path goes left there."""

    node: int
    left: bool


class Leaf(NamedTuple):
    """A leaf and the path to it from the tree's root."""

    node: int
    path: tuple[PathStep, ...]


class PathCondition(NamedTuple):
    """The condition of a leaf's path on one feature: all of the path's splits on it together.

    A key meets it if key & `care` == `want`. `share` of the training rows met it, among those that met the
    conditions above.
    """

    feature: int
    care: int
    want: int
    share: float


class LeafGroup(NamedTuple):
    """All leaves below a node. `asked`: by node, a step and its bit of the key, set if a row takes the step.

    Splits on the path to the node share one bit per feature (a row takes the group's path at all of them or
    not); those below it have one each.
    """

    tree: Tree
    leaves: list[Leaf]
    asked: dict[int, tuple[PathStep, int]]
    bits: int

    @property
    def features(self) -> list[int]:
        """The features that these leaves depend on."""
        return list(dict.fromkeys(self.tree.feature[node] for node in self.asked))

    def parts(self, leaf: Leaf) -> list[PathCondition]:
        """One condition for every feature on the leaf's path; none if the tree is a single leaf."""
        found: dict[int, PathCondition] = {}
        for step in leaf.path:
            feature = self.tree.feature[step.node]
            asked, bit = self.asked[step.node]
            _, care, want, share = found.get(feature, PathCondition(feature, 0, 0, 1.0))
            want |= bit if step.left == asked.left else 0
            found[feature] = PathCondition(feature, care | bit, want, share * self.tree.share(*step))
        return list(found.values())


def group_leaves(tree: Tree) -> Iterator[LeafGroup]:
    """The tree's leaves in as few groups as keys of GROUP_BITS allow; a leaf with a longer key is alone.

    Raises NotTabulated if a path is too long, or has more different features than a key can have bits.
    """
    yield from _groups_below(tree, 0, (), _count_splits(tree))


def _groups_below(
    tree: Tree, node: int, path: tuple[PathStep, ...], splits: dict[int, int]
) -> Iterator[LeafGroup]:
    features = {tree.feature[step.node] for step in path}
    if tree.is_leaf(node) or len(features) + splits[node] <= GROUP_BITS:
        if len(features) > LANE_BITS:
            raise NotTabulated(f"a path has {len(features)} different features, more than {LANE_BITS}")
        yield _group(tree, node, path)
    else:
        yield from _groups_below(tree, tree.left[node], (*path, PathStep(node, True)), splits)
        yield from _groups_below(tree, tree.right[node], (*path, PathStep(node, False)), splits)


def _group(tree: Tree, top: int, path: tuple[PathStep, ...]) -> LeafGroup:
    bit_of: dict[int, int] = {}
    asked = {}
    for step in path:
        bit = bit_of.setdefault(tree.feature[step.node], 1 << len(bit_of))
        asked[step.node] = (step, bit)
    bits = len(bit_of)
    leaves = list(_leaves_below(tree, top, path))
    for node in dict.fromkeys(step.node for leaf in leaves for step in leaf.path[len(path) :]):
        asked[node] = (PathStep(node, True), 1 << bits)
        bits += 1
    return LeafGroup(tree, leaves, asked, bits)


def _leaves_below(tree: Tree, node: int, path: tuple[PathStep, ...]) -> Iterator[Leaf]:
    if tree.is_leaf(node):
        yield Leaf(node, path)
    else:
        yield from _leaves_below(tree, tree.left[node], (*path, PathStep(node, True)))
        yield from _leaves_below(tree, tree.right[node], (*path, PathStep(node, False)))


def _count_splits(tree: Tree) -> dict[int, int]:
    """The number of splits at and below every node."""
    counts: dict[int, int] = {}

    def count(node: int, depth: int) -> int:
        if depth > MAX_PATH_SPLITS:
            raise NotTabulated(f"a path has more than {MAX_PATH_SPLITS} splits")
        below = (tree.left[node], tree.right[node]) if not tree.is_leaf(node) else ()
        counts[node] = sum(count(child, depth + 1) for child in below) + bool(below)
        return counts[node]

    count(0, 0)
    return counts
