"""The queues that cases may be in, by name."""

from collections.abc import Sequence

from reviews.queue_models import ReviewQueue
from scoring.catalog.registry import event_types

DEFAULT = ""  # the queue of cases that no other one takes


def policy_queues() -> list[str]:
    """The queues of the content policies of all event types."""
    policies = (policy for kind in event_types().values() for policy in kind.policies)
    return list(dict.fromkeys(policy.queue or policy.name for policy in policies))


def queue_names(reviewer: str) -> list[str]:
    """The queues that a reviewer works on: defined ones that admit them, those of policies, the default one.

    Retired queues are among them while the cases that are left there wait.
    """
    barred = set(ReviewQueue.objects.barred_to(reviewer))
    defined = ReviewQueue.objects.order_by("priority", "name").values_list("name", flat=True)
    return [name for name in dict.fromkeys([*defined, *policy_queues(), DEFAULT]) if name not in barred]


def choosable_queues(reviewer: str, in_use: Sequence[ReviewQueue]) -> list[str]:
    """The queues that a reviewer can choose to take cases of; without retired ones and the default one."""
    known = {*(queue.name for queue in in_use), *policy_queues()}
    return [name for name in queue_names(reviewer) if name in known]
