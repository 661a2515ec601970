"""The queues that cases may be in, by name."""

from collections.abc import Collection, Sequence

from reviews.models.queues import ReviewQueue
from scoring.catalog.registry import event_types

DEFAULT = ""  # the queue of cases that no other one takes


def policy_queues(*, seen: Collection[str] | None = None) -> list[str]:
    """The queues of the content policies of these event types, of all for None."""
    kinds = (kind for name, kind in event_types().items() if seen is None or name in seen)
    policies = (policy for kind in kinds for policy in kind.policies)
    return list(dict.fromkeys(policy.queue or policy.name for policy in policies))


def queue_names(reviewer: str) -> list[str]:
    """The queues that a reviewer works on: defined ones that admit them, those of policies, the default one.

    Retired queues are among them while the cases that are left there wait.
    """
    barred = set(ReviewQueue.objects.barred_to(reviewer))
    defined = ReviewQueue.objects.order_by("priority", "name").values_list("name", flat=True)
    return [name for name in dict.fromkeys([*defined, *policy_queues(), DEFAULT]) if name not in barred]


def choosable_queues(reviewer: str, in_use: Sequence[ReviewQueue], of_policies: Sequence[str]) -> list[str]:
    """Those of these queues that a reviewer can choose to take cases of."""
    known = {*(queue.name for queue in in_use), *of_policies}
    return [name for name in queue_names(reviewer) if name in known]
