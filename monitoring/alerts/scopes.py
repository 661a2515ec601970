"""Scopes of alerts, such as {"event_type": "payment", "feature": "amount"}: digests, filters and texts."""

import hashlib
from collections.abc import Mapping

from scoring.log.entries import canonical_json

Scope = Mapping[str, str]

DIGEST_LENGTH = 16  # hex digits
PLACE = "event_type"


def digest_of(scope: Scope) -> str:
    """The digest of a scope, in any order of its names.

    >>> digest_of({"a": "1", "b": "2"}) == digest_of({"b": "2", "a": "1"})
    True
    """
    return hashlib.sha256(canonical_json(dict(scope)).encode()).hexdigest()[:DIGEST_LENGTH]


def key_of(name: str, scope: Scope) -> str:
    """What identifies a rule, or a metric, in a scope."""
    return f"{name}/{digest_of(scope)}"


def is_within(scope: Scope, chosen: Scope) -> bool:
    """Whether a scope has everything that a filter asks for; an empty filter asks for nothing.

    >>> is_within({"event_type": "payment", "feature": "amount"}, {"event_type": "payment"})
    True
    """
    return all(scope.get(name) == value for name, value in chosen.items())


def scope_text(scope: Scope) -> str:
    """A scope in a line: "payment, amount"; "everything" if it names nothing.

    >>> scope_text({"event_type": "payment", "feature": "amount"})
    'payment, amount'
    """
    return ", ".join(scope.values()) or "everything"


def filter_text(scope: Scope) -> str:
    """What a filter asks for: "event_type payment"; "all" if it asks for nothing."""
    return ", ".join(f"{name} {value}" for name, value in scope.items()) or "all"
