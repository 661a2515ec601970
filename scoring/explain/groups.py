"""The leaves of a tree, in groups that share a table, and what the bits of the table's key ask."""

from collections.abc import Iterator
from typing import NamedTuple

from scoring.explain.kernel import LANE_BITS
from scoring.explain.trees import NotTabulated, Tree

# Bits of a key that are worth one table for several leaves. Measured with 200 trees of depth 6: with 6 there
# are more tables and a row takes half as long again; with 9 the tables outgrow the caches.
GROUP_BITS = 7
DEEPEST = 64  # splits on a path; far beyond what a table could hold, unless few features repeat


class Step(NamedTuple):
    """A split on a way down, and whether the way goes left there."""

    node: int
    left: bool


class Leaf(NamedTuple):
    """A leaf and the way to it from the tree's root."""

    node: int
    path: tuple[Step, ...]


class Part(NamedTuple):
    """What a leaf's path asks of one feature, at all of its splits there.

    A key meets it when key & `care` == `want`; `share` of the training rows met it, of those that had met
    what is asked above.
    """

    feature: int
    care: int
    want: int
    share: float


class Group(NamedTuple):
    """All leaves below a node. `asked`: a step and its bit of the key, set where a row goes the step's way.

    Splits on the way to the node share one bit a feature (a row goes the group's way at all of them or not);
    those below it have their own.
    """

    tree: Tree
    leaves: list[Leaf]
    asked: dict[int, tuple[Step, int]]
    bits: int

    @property
    def features(self) -> list[int]:
        """The features that have a part in these leaves."""
        return list(dict.fromkeys(self.tree.feature[node] for node in self.asked))

    def parts(self, leaf: Leaf) -> list[Part]:
        """A part for every feature on the leaf's path; without any for a tree that is a leaf."""
        found: dict[int, Part] = {}
        for step in leaf.path:
            feature = self.tree.feature[step.node]
            asked, bit = self.asked[step.node]
            _, care, want, share = found.get(feature, Part(feature, 0, 0, 1.0))
            want |= bit if step.left == asked.left else 0
            found[feature] = Part(feature, care | bit, want, share * self.tree.share(*step))
        return list(found.values())


def group_leaves(tree: Tree) -> Iterator[Group]:
    """The tree's leaves in as few groups as keys of GROUP_BITS allow; a leaf with a longer key is one alone.

    Raises NotTabulated when a path is too long, or has more different features than a key can have bits.
    """
    yield from _groups_below(tree, 0, (), _count_splits(tree))


def _groups_below(tree: Tree, node: int, path: tuple[Step, ...], splits: dict[int, int]) -> Iterator[Group]:
    features = {tree.feature[step.node] for step in path}
    if tree.is_leaf(node) or len(features) + splits[node] <= GROUP_BITS:
        if len(features) > LANE_BITS:
            raise NotTabulated(f"a path has {len(features)} different features, more than {LANE_BITS}")
        yield _group(tree, node, path)
    else:
        yield from _groups_below(tree, tree.left[node], (*path, Step(node, True)), splits)
        yield from _groups_below(tree, tree.right[node], (*path, Step(node, False)), splits)


def _group(tree: Tree, top: int, path: tuple[Step, ...]) -> Group:
    bit_of: dict[int, int] = {}
    asked = {}
    for step in path:
        bit = bit_of.setdefault(tree.feature[step.node], 1 << len(bit_of))
        asked[step.node] = (step, bit)
    bits = len(bit_of)
    leaves = list(_leaves_below(tree, top, path))
    for node in dict.fromkeys(step.node for leaf in leaves for step in leaf.path[len(path) :]):
        asked[node] = (Step(node, True), 1 << bits)
        bits += 1
    return Group(tree, leaves, asked, bits)


def _leaves_below(tree: Tree, node: int, path: tuple[Step, ...]) -> Iterator[Leaf]:
    if tree.is_leaf(node):
        yield Leaf(node, path)
    else:
        yield from _leaves_below(tree, tree.left[node], (*path, Step(node, True)))
        yield from _leaves_below(tree, tree.right[node], (*path, Step(node, False)))


def _count_splits(tree: Tree) -> dict[int, int]:
    """How many splits there are at and below every node."""
    counts: dict[int, int] = {}

    def count(node: int, depth: int) -> int:
        if depth > DEEPEST:
            raise NotTabulated(f"a path has more than {DEEPEST} splits")
        below = (tree.left[node], tree.right[node]) if not tree.is_leaf(node) else ()
        counts[node] = sum(count(child, depth + 1) for child in below) + bool(below)
        return counts[node]

    count(0, 0)
    return counts
