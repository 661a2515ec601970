"""Checks the data of a policy before it is drafted: every problem with its field and what is allowed."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

from scoring.catalog.event_type import EventType
from scoring.catalog.policies import names_of
from scoring.rules.policies.errors import FieldProblem, InvalidPolicy
from scoring.rules.policies.policy import CAPACITY, COST, FIXED, MODEL, MODES, Policy

MAX_SEGMENTS = 20
MAX_NAME_LENGTH = 60  # characters
MAX_DESCRIPTION_LENGTH = 500
MAX_AMOUNT = 10**12  # minor units
MAX_CASES_A_DAY = 1_000_000

Data = Mapping[str, Any]
Problems = Iterator[FieldProblem]

TERMS: Final = ("mode", "thresholds", "costs", "capacity")
COSTS: Final = ("margin", "insult", "chargeback_fee", "loss_share", "actions")
ACTION: Final = ("outcome", "cost", "catches", "loses")
CAPACITY_FIELDS: Final = ("cases_a_day", "since", "until", "events", "model")

# What each mode needs besides itself; anything else is refused.
PARTS_OF_MODE: Final = {
    "model": (),
    FIXED: ("thresholds",),
    COST: ("costs",),
    CAPACITY: ("thresholds", "capacity"),
}


def checked_policy(data: Data, *, kind: type[EventType]) -> Policy:
    """The policy in `data`, whose form is that of `policy.drafted`. Raises InvalidPolicy with every problem.

    Expressions of segments are checked by `scoring.rules.policies.segments`.
    """
    problems = [*_unknown(data, ("event_type", "number", *TERMS, "segments", "policies", "description"))]
    problems += _terms_problems(data, kind, at="", modes=MODES)
    problems += _segments_problems(data.get("segments"), kind)
    problems += _heads_problems(data.get("policies", {}), kind)
    description = data.get("description", "")
    if not isinstance(description, str) or len(description) > MAX_DESCRIPTION_LENGTH:
        problems.append(("description", "is too long", f"at most {MAX_DESCRIPTION_LENGTH} characters"))
    if problems:
        raise InvalidPolicy(problems)
    return Policy.of(data)


def _terms_problems(data: Data, kind: type[EventType], *, at: str, modes: Sequence[str]) -> Problems:
    mode = data.get("mode")
    if not isinstance(mode, str) or mode not in modes:
        why = "is for the whole policy, not for a segment" if mode == CAPACITY else "is not a mode"
        yield f"{at}mode", f"{mode!r} {why}", list(modes)
        return
    needed = PARTS_OF_MODE[mode]
    for part in ("thresholds", "costs", "capacity"):
        if part in needed and not isinstance(data.get(part), Mapping):
            yield f"{at}{part}", f"is missing, which the mode {mode!r} needs", None
        elif part not in needed and data.get(part):
            yield f"{at}{part}", f"has no meaning in the mode {mode!r}", None
        elif part in needed:
            yield from _CHECKS[part](data[part], kind, at=f"{at}{part}")
    if mode == CAPACITY and "review" not in (data.get("thresholds") or {"review": 0}):
        yield f"{at}thresholds.review", "is missing", "the score computed from the capacity"


def _threshold_problems(thresholds: Data, kind: type[EventType], *, at: str) -> Problems:
    """Thresholds must be of known outcomes, from 0 to 1, and must not fall with severity."""
    allowed = kind.outcomes[1:]
    yield from _unknown(thresholds, allowed, at=f"{at}.")
    if not thresholds:
        yield at, "names no outcome", list(allowed)
    for name, value in thresholds.items():
        yield from _number(value, 0, 1, at=f"{at}.{name}")
    given = [name for name in allowed if _is_number(thresholds.get(name))]
    for milder, severer in pairwise(given):
        if thresholds[milder] > thresholds[severer]:
            problem = f"{thresholds[severer]:g} is below that of {milder}, which is less severe"
            yield f"{at}.{severer}", problem, f"at least {thresholds[milder]:g}"


def _cost_problems(costs: Data, kind: type[EventType], *, at: str) -> Problems:
    yield from _unknown(costs, COSTS, at=f"{at}.")
    for name in ("margin", "loss_share"):
        yield from _number(costs.get(name), 0, 1, at=f"{at}.{name}")
    for name in ("insult", "chargeback_fee"):
        yield from _whole(costs.get(name), 0, MAX_AMOUNT, at=f"{at}.{name}")
    if costs.get("loss_share") == 0 and costs.get("chargeback_fee") == 0:
        yield f"{at}.loss_share", "is 0 like the chargeback fee, so fraud would cost nothing", "more than 0"
    actions = costs.get("actions")
    if not isinstance(actions, list) or not all(isinstance(each, Mapping) for each in actions):
        yield f"{at}.actions", "is not a list of outcomes with their costs", None
    else:
        yield from _actions_problems(actions, kind, at=f"{at}.actions")


def _actions_problems(actions: Sequence[Data], kind: type[EventType], *, at: str) -> Problems:
    """Actions stand in order of severity; a more severe one catches and loses at least as much."""
    allowed = kind.outcomes[1:-1]
    sound = []
    for action in actions:
        outcome = action.get("outcome")
        place = f"{at}.{outcome}"
        if outcome not in allowed:
            yield place, "is not an outcome between allow and block", list(allowed)
            continue
        problems = [*_unknown(action, ACTION, at=f"{place}.")]
        problems += _whole(action.get("cost"), 0, MAX_AMOUNT, at=f"{place}.cost")
        problems += _number(action.get("catches"), 0.01, 1, at=f"{place}.catches")
        problems += _number(action.get("loses"), 0, 1, at=f"{place}.loses")
        yield from problems
        sound += [] if problems else [action]
    for milder, severer in pairwise(sound):
        yield from _order_problems(milder, severer, allowed, at=f"{at}.{severer['outcome']}")


def _order_problems(milder: Data, severer: Data, allowed: Sequence[str], *, at: str) -> Problems:
    if allowed.index(milder["outcome"]) >= allowed.index(severer["outcome"]):
        yield at, "stands after a more severe outcome, or twice", "the order " + ", ".join(allowed)
        return
    for name in ("catches", "loses"):
        if severer[name] < milder[name]:
            problem = f"is {severer[name]:g}, less than that of {milder['outcome']}, which is less severe"
            yield f"{at}.{name}", problem, f"at least {milder[name]:g}"


def _capacity_problems(capacity: Data, kind: type[EventType], *, at: str) -> Problems:
    yield from _unknown(capacity, CAPACITY_FIELDS, at=f"{at}.")
    yield from _whole(capacity.get("cases_a_day"), 1, MAX_CASES_A_DAY, at=f"{at}.cases_a_day")
    yield from _whole(capacity.get("events"), 0, 10**15, at=f"{at}.events")
    for name in ("since", "until"):
        if not _is_date(capacity.get(name)):
            yield f"{at}.{name}", "is not a date", "a date such as 2026-03-01"
    if not isinstance(capacity.get("model"), str):
        yield f"{at}.model", "is not a model's name", None


def _segments_problems(segments: object, kind: type[EventType]) -> Problems:
    if not isinstance(segments, list) or not all(isinstance(each, Mapping) for each in segments):
        yield "segments", "is not a list of segments", None
        return
    if len(segments) > MAX_SEGMENTS:
        yield "segments", f"are {len(segments)}", f"at most {MAX_SEGMENTS}"
    names = [segment.get("name") for segment in segments]
    for number, segment in enumerate(segments, start=1):
        at = f"segments.{number}."
        yield from _unknown(segment, ("name", "expression", *TERMS), at=at)
        yield from _name_problems(segment.get("name"), names, at=f"{at}name")
        if not isinstance(segment.get("expression"), str) or not segment["expression"].strip():
            yield f"{at}expression", "is missing", "a condition such as amount > 500.0"
        yield from _terms_problems(segment, kind, at=at, modes=[mode for mode in MODES if mode != CAPACITY])


def _heads_problems(heads: object, kind: type[EventType]) -> Problems:
    """Terms must be of policies of the type; policies without any keep the model's thresholds."""
    if not isinstance(heads, Mapping) or not all(isinstance(each, Mapping) for each in heads.values()):
        yield "policies", "is not a mapping of policies to their terms", None
        return
    known = names_of(kind.policies)
    modes = [mode for mode in MODES if mode != MODEL]
    for name, terms in heads.items():
        at = f"policies.{name}"
        if name not in known:
            yield (
                at,
                "is not a policy of this event type",
                list(known) or "none: the event type has no policies",
            )
            continue
        yield from _unknown(terms, TERMS, at=f"{at}.")
        yield from _terms_problems(terms, kind, at=f"{at}.", modes=modes)


def _name_problems(name: object, names: Sequence[object], *, at: str) -> Problems:
    allowed = f"1 to {MAX_NAME_LENGTH} characters"
    if not isinstance(name, str) or not name.strip():
        yield at, "is missing", allowed
    elif len(name) > MAX_NAME_LENGTH:
        yield at, f"has {len(name)} characters", allowed
    elif names.count(name) > 1:
        yield at, f"{name!r} is the name of two segments", "names that differ"


def _unknown(data: Data, known: Sequence[str], *, at: str = "") -> Problems:
    for name in data:
        if name not in known:
            yield f"{at}{name}", "is not known here", list(known)


def _number(value: object, lowest: float, highest: float, *, at: str) -> Problems:
    if not _is_number(value) or not lowest <= value <= highest:  # type: ignore[operator]
        found = "is missing" if value is None else f"is {value!r}"
        yield at, found, f"a number from {lowest:g} to {highest:g}"


def _whole(value: object, lowest: int, highest: int, *, at: str) -> Problems:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        found = "is missing" if value is None else f"is {value!r}"
        yield at, found, f"a whole number from {lowest:,} to {highest:,}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


_CHECKS: Final[dict[str, Callable[..., Problems]]] = {
    "thresholds": _threshold_problems,
    "costs": _cost_problems,
    "capacity": _capacity_problems,
}
