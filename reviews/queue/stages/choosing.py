"""The next cases of a reviewer, by the three stages, and why each is next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Func, Q, Value

from reviews.models import Case, CaseQuerySet
from reviews.models.quality import GivenVerdict
from reviews.models.queues import ReviewQueue
from reviews.queue.stages.candidates import retrieve
from reviews.queue.stages.ranking import rank
from reviews.queue.stages.reranking import Placed, Turn, rerank
from reviews.queues.definition import OrderWeights

MAX_TRIED = 200  # of the first cases, those that are tried to be locked
MAX_ROUNDS = 3  # others may have claimed all of them meanwhile


def order_cases(
    free: CaseQuerySet, queues: Sequence[ReviewQueue], *, names: Sequence[str], reviewer: str, now: datetime
) -> list[Placed]:
    """The first free cases of the queues with these names, in the order in which they are offered.

    `queues`: the definitions of queues in use; one without a definition orders by equal weights.
    """
    candidates = retrieve(free, names, now=now)
    weights = {queue.name: OrderWeights(**queue.terms["weights"]) for queue in queues}
    return rerank(rank(candidates, weights, now=now), _turn_of(reviewer, queues, now=now))


def lock_first(
    free: CaseQuerySet, queues: Sequence[ReviewQueue], *, names: Sequence[str], reviewer: str, now: datetime
) -> tuple[Case, Placed] | None:
    """The first case in order that nobody has locked, its row locked; None if there is none.

    Cases that the reviewer released a short time ago are for the caller to leave out of `free`.
    """
    for _ in range(MAX_ROUNDS):
        placed = order_cases(free, queues, names=names, reviewer=reviewer, now=now)
        if not placed:
            return None
        by_position = {each.ranked.candidate.position: each for each in placed[:MAX_TRIED]}
        place = Func(Value(list(by_position)), F("event_position"), function="array_position")
        locked = free.filter(pk__in=list(by_position)).order_by(place).select_for_update(skip_locked=True)
        if (case := locked.first()) is not None:
            return case, by_position[case.pk]
    return None


def why_next(placed: Placed) -> dict[str, Any]:
    """What besides its urgency made a case the next one, as `case.claimed` records it.

    `linked`: how many cases its cluster has; `promised`: the share that its source is promised.
    """
    linked = {"linked": placed.linked} if placed.linked > 1 else {}
    return {**linked, **({"promised": placed.promised} if placed.promised else {})}


def _turn_of(reviewer: str, queues: Sequence[ReviewQueue], *, now: datetime) -> Turn:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    given = GivenVerdict.objects.filter(reviewer=reviewer, given_at__gte=midnight, undone=False)
    held = Case.objects.held(now).filter(~Q(claimed_by=reviewer), ~Q(shared_entities=[]))
    return Turn(
        decided=given.count(),
        held=frozenset(key for shared in held.values_list("shared_entities", flat=True) for key in shared),
        quotas={queue.name: queue.terms["quotas"] for queue in queues},
        clustered=frozenset(queue.name for queue in queues if queue.terms["one_per_cluster"]),
    )
