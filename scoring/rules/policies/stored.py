"""Policies as stored. Raises the room's errors for those that do not exist."""

from scoring.rules.policies.errors import UnknownPolicy
from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.policy import Policy
from scoring.rules.policies.projections import policy_key


def find_policy(event_type: str, number: int) -> StoredPolicy:
    """A version of the event type's policy. Raises UnknownPolicy."""
    found = StoredPolicy.objects.filter(pk=policy_key(event_type, number)).first()
    if found is None:
        newest = newest_number(event_type)
        raise UnknownPolicy(event_type=event_type, number=number, newest=newest)
    return found


def newest_number(event_type: str) -> int:
    """The number of the last version drafted; 0 if there is none."""
    in_use = PolicyInUse.objects.filter(pk=event_type).first()
    return in_use.newest if in_use else 0


def policy_from(stored: StoredPolicy) -> Policy:
    """The policy as drafted, without its stage."""
    return Policy.of(stored.terms)
