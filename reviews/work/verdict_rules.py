"""Validates a verdict: a label of the event type, reasons, a note where required, policies and an action."""

from collections.abc import Mapping
from typing import NamedTuple

from reviews.errors import InvalidVerdict
from reviews.work.notes import clean_note
from reviews.work.reason_codes import NEEDS_NOTE, reasons_of, verdict_words
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types
from scoring.intake.label_sources import PEOPLE

ALLOW, REVIEW = "allow", "review"
HIGH, MEDIUM, LOW = "high", "medium", "low"
CONFIDENCES = (HIGH, MEDIUM, LOW)


class Verdict(NamedTuple):
    """A label of the event type, a reason code that supports it, and a note ("" for none).

    For a type with policies also those that were broken with the reason code of each, the action, which
    is an outcome of the type, and whether the author gets a strike. `reason_code` is then that of the first.
    `confidence`: one of CONFIDENCES, "" if the reviewer does not say.
    """

    value: str
    reason_code: str
    note: str = ""
    policies: Mapping[str, str] = {}
    action: str = ""
    strike: bool = False
    confidence: str = ""


def labels_from_others(standing: Mapping[str, str]) -> dict[str, str]:
    """The current label of an event from each source other than reviewers."""
    return {source: label for source, label in standing.items() if source != PEOPLE}


def actions_of(kind: type[EventType]) -> tuple[str, ...]:
    """What a verdict that policies were broken can do to the event, the most severe first."""
    if not kind.policies:
        return ()
    return tuple(outcome for outcome in reversed(kind.outcomes) if outcome not in (ALLOW, REVIEW))


def check_contradiction(verdict: Verdict, standing: Mapping[str, str]) -> None:
    """A verdict that contradicts another source needs a note. Raises `InvalidVerdict`."""
    against = {
        source: label for source, label in labels_from_others(standing).items() if label != verdict.value
    }
    if against and not verdict.note.strip():
        said = ", ".join(f"{source} says {label}" for source, label in against.items())
        raise InvalidVerdict(
            field="note",
            problem=f"{said}, which contradicts this verdict; explain the difference in the note",
            allowed="a few words",
        )


def check_verdict(event_type_name: str, verdict: Verdict) -> Verdict:
    """The verdict with its note trimmed, policies in order of the catalog and what follows filled in.

    Raises `InvalidVerdict`.
    """
    kind = event_type(event_type_name)
    if verdict.value not in kind.labels.values:
        raise InvalidVerdict(
            field="verdict",
            problem=f"{verdict.value!r} is not a label of {event_type_name}",
            allowed=", ".join(kind.labels.values),
        )
    if verdict.confidence not in ("", *CONFIDENCES):
        problem = f"{verdict.confidence!r} is not a confidence"
        raise InvalidVerdict(field="confidence", problem=problem, allowed=", ".join(CONFIDENCES))
    if kind.policies and verdict.value == kind.labels.positive:
        verdict = _check_policies(kind, verdict)
    else:
        verdict = _check_plain(kind, verdict)
    return verdict._replace(note=_note_of(verdict))


def check_appeal(event_type_name: str, verdict: Verdict, *, against: str) -> Verdict:
    """A verdict on an appeal against the action or outcome `against`, checked like any other.

    Granting may leave a milder action than that one; `allow`, which restores the event, unless it is given.
    Raises `InvalidVerdict`.
    """
    granted = verdict.value == event_type(event_type_name).labels.positive
    checked = check_verdict(event_type_name, verdict._replace(action="") if granted else verdict)
    if not granted:
        return checked
    action, allowed = verdict.action or ALLOW, (ALLOW, *milder_actions(event_type_name, against))
    if action not in allowed:
        problem = f"{action!r} is not milder than {against}"
        raise InvalidVerdict(field="action", problem=problem, allowed=", ".join(allowed))
    return checked._replace(action=action)


def milder_actions(appeals: str, against: str) -> tuple[str, ...]:
    """The actions on the type that these appeals are about that are milder than `against`, severest first."""
    kind = next((each for each in event_types().values() if each.appeals == appeals), None)
    actions = actions_of(kind) if kind else ()
    return actions[actions.index(against) + 1 :] if against in actions else ()


def _check_plain(kind: type[EventType], verdict: Verdict) -> Verdict:
    """A verdict with one reason. Of a type with policies it lets the event stand."""
    words = verdict_words(kind, verdict.value)
    codes = [reason.code for reason in words.reasons]
    if verdict.reason_code not in codes:
        raise InvalidVerdict(
            field="reason_code",
            problem=f"{verdict.reason_code!r} does not support {verdict.value}",
            allowed=", ".join(codes),
        )
    given = {
        "policies": verdict.policies,
        "action": verdict.action not in ("", ALLOW, words.outcome),
        "strike": verdict.strike,
    }
    for field in (name for name, value in given.items() if value):
        raise InvalidVerdict(
            field=field, problem=f"does not go with {verdict.value}", allowed=f"none with {verdict.value}"
        )
    return verdict._replace(policies={}, action=ALLOW if kind.policies else words.outcome)


def _check_policies(kind: type[EventType], verdict: Verdict) -> Verdict:
    """A verdict that policies were broken: each with a reason of its own, and an action."""
    declared = {policy.name: policy for policy in kind.policies}
    unknown = [name for name in verdict.policies if name not in declared]
    if unknown or not verdict.policies:
        problem = f"{unknown[0]!r} is not a policy of {kind.name}" if unknown else "no policy is named"
        raise InvalidVerdict(field="policies", problem=problem, allowed=", ".join(declared))
    for name, code in verdict.policies.items():
        codes = [reason.code for reason in reasons_of(declared[name])]
        if code not in codes:
            problem = f"{code!r} is not a reason for {name}"
            raise InvalidVerdict(field="reason_code", problem=problem, allowed=", ".join(codes))
    if verdict.action not in actions_of(kind):
        problem = f"{verdict.action!r} is not an action on {kind.name}"
        raise InvalidVerdict(field="action", problem=problem, allowed=", ".join(actions_of(kind)))
    if verdict.strike and not kind.strikes:
        problem = f"the type {kind.name} records no strikes"
        raise InvalidVerdict(field="strike", problem=problem, allowed="no strike")
    ordered = {name: verdict.policies[name] for name in declared if name in verdict.policies}
    return verdict._replace(policies=ordered, reason_code=next(iter(ordered.values())))


def _note_of(verdict: Verdict) -> str:
    note = clean_note(verdict.note)
    if not note and not NEEDS_NOTE.isdisjoint({verdict.reason_code, *verdict.policies.values()}):
        raise InvalidVerdict(
            field="note", problem="this reason needs a note that says what you found", allowed="a few words"
        )
    return note
