"""Outcomes of decisions, ordered by severity: those of every event type, and those that a type adds."""

from collections.abc import Iterable, Sequence

BASIC_OUTCOMES = ("allow", "review", "block")
MAX_OUTCOME_LENGTH = 10  # characters; the length of the columns


def outcomes_problem(outcomes: Sequence[str]) -> str:
    """Why these outcomes, the mildest first, cannot be declared; "" if they can.

    >>> outcomes_problem(("allow", "challenge", "review", "block"))
    ''
    >>> outcomes_problem(("allow", "block", "review"))
    'must begin with allow and end with block, with review between them'
    """
    if not isinstance(outcomes, tuple) or not all(isinstance(each, str) for each in outcomes):
        return 'must be a tuple of names, such as ("allow", "challenge", "review", "block")'
    for name in outcomes:
        if not name.isidentifier() or name != name.lower() or len(name) > MAX_OUTCOME_LENGTH:
            return (
                f"contains {name!r}; an outcome is a lower-case identifier of at most"
                f" {MAX_OUTCOME_LENGTH} characters"
            )
    if len(set(outcomes)) < len(outcomes):
        return "names an outcome twice"
    if outcomes[:1] != ("allow",) or outcomes[-1] != "block" or "review" not in outcomes:
        return "must begin with allow and end with block, with review between them"
    return ""


def merge_outcomes(orders: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """All outcomes of several event types, the mildest first.

    Outcomes that types declare on the same side of review follow the types' order.

    >>> merge_outcomes([("allow", "review", "limit", "block"), ("allow", "challenge", "review", "block")])
    ('allow', 'challenge', 'review', 'limit', 'block')
    """
    milder: dict[str, None] = {}
    severer: dict[str, None] = {}
    for outcomes in orders:
        review = outcomes.index("review")
        milder |= dict.fromkeys(outcomes[1:review])
        severer |= dict.fromkeys(outcomes[review + 1 : -1])
    between = [name for name in severer if name not in milder]
    return ("allow", *milder, "review", *between, "block")
