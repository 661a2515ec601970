"""The third stage: one case of each cluster of linked entities, and the shares that sources are promised."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from reviews.queue.stages.ranking import Ranked


class Placed(NamedTuple):
    """A ranked case in its final place.

    `linked`: how many candidates its cluster has, itself too. `follows`: another case of its cluster comes
    before it or is being worked on. `promised`: it was brought forward, because its source has this share.
    """

    ranked: Ranked
    linked: int = 1
    follows: bool = False
    promised: float = 0.0


class Turn(NamedTuple):
    """What re-ranking knows of the reviewer and of the others.

    `decided`: how many verdicts the reviewer has given today. `held`: the entities of cases that others work
    on. `quotas`: by queue, the share of each source. `clustered`: queues that give one case a cluster.
    """

    decided: int = 0
    held: frozenset[int] = frozenset()
    quotas: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    clustered: frozenset[str] = frozenset()


def rerank(ranked: Sequence[Ranked], turn: Turn) -> list[Placed]:
    """The cases in the order in which they are offered; `ranked` is by urgency.

    The first case of each cluster keeps its place, the others come after all first ones. Then, if it is the
    turn of a source, its first case goes to the front.
    """
    clusters = cluster_numbers([each.candidate.linked for each in ranked])
    sizes = Counter(clusters)
    seen: set[int] = set()
    placed = []
    for each, cluster in zip(ranked, clusters, strict=True):
        is_busy = cluster in seen or not turn.held.isdisjoint(each.candidate.linked)
        follows = each.candidate.queue in turn.clustered and is_busy
        placed.append(Placed(each, sizes[cluster], follows))
        seen.add(cluster)
    placed.sort(key=lambda each: each.follows)  # stable: by urgency within both parts
    return _with_promised(placed, turn)


def cluster_numbers(links: Sequence[Collection[int]]) -> list[int]:
    """The cluster of each case: cases with a common entity, directly or by others, have the same number.

    >>> cluster_numbers([{1}, {2}, {1, 3}, {3}, set()])
    [0, 1, 0, 0, 4]
    """
    parents = list(range(len(links)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first_of: dict[int, int] = {}
    for place, entities in enumerate(links):
        for entity in entities:
            one, other = sorted((root(first_of.setdefault(entity, place)), root(place)))
            parents[other] = one
    return [root(place) for place in range(len(links))]


def is_turn_of(share: float, decided: int) -> bool:
    """Whether the next verdict, after `decided` ones, is one of those that a share promises to a source.

    Of n verdicts, floor(n x share) are: with 0.1 every tenth.

    >>> [is_turn_of(0.25, decided) for decided in range(8)]
    [False, False, False, True, False, False, False, True]
    """
    return int((decided + 1) * share) > int(decided * share)


def _with_promised(placed: list[Placed], turn: Turn) -> list[Placed]:
    """The first case of a source whose turn it is goes to the front."""
    for place, each in enumerate(placed):
        candidate = each.ranked.candidate
        share = turn.quotas.get(candidate.queue, {}).get(candidate.why, 0.0)
        if share and not each.follows and is_turn_of(share, turn.decided):
            return [each._replace(promised=share), *placed[:place], *placed[place + 1 :]]
    return placed
