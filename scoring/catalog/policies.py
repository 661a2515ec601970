"""Policies of an event type: what its events may not be, each with reasons, a queue and its ground."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.catalog.verdicts import ReasonCode, codes_problem

MAX_POLICY_LENGTH = 40  # characters
TERMS, LAW = "terms", "law"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that an event may break: spam, harassment, ...

    `reason_codes`: why a reviewer says so. `queue`: the reviewers' queue of its cases, its own name if empty.
    `sensitive`: what breaks it may harm those who look at it. `ground`: whether it follows from the terms of
    service or from the law, and `reference` where it stands there; statements of reasons quote both.
    """

    name: str
    title: str = ""
    description: str = ""
    reason_codes: tuple[ReasonCode, ...] = ()
    queue: str = ""
    sensitive: bool = False
    ground: str = TERMS
    reference: str = ""


def policies_problem(policies: Sequence[Policy]) -> str:
    """Why these policies cannot be declared; "" if they can.

    >>> policies_problem((Policy("spam"), Policy("spam")))
    'names a policy twice'
    """
    for policy in policies:
        if not policy.name.isidentifier() or len(policy.name) > MAX_POLICY_LENGTH:
            return (
                f"names {policy.name!r}; a policy is an identifier of at most {MAX_POLICY_LENGTH} characters"
            )
        if policy.ground not in (TERMS, LAW):
            return f"gives {policy.name} the ground {policy.ground!r}; use {TERMS} or {LAW}"
        if problem := codes_problem(policy.reason_codes):
            return f"gives {policy.name} {problem}"
    names = [policy.name for policy in policies]
    return "names a policy twice" if len(set(names)) < len(names) else ""
