"""Everything behind one decision in one document: for the sender, a dispute or a regulator.

It holds what the decision recorded, the text of the rules and lists that it names, and the place and digest
of each log entry, so that it can be checked against the log.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.catalog.currency import decimal_text
from scoring.catalog.registry import event_type
from scoring.decisions.errors import NoSuchDecision
from scoring.decisions.explanation import Contribution, explain_decision
from scoring.decisions.explanations.changes import RulesetChanges
from scoring.decisions.explanations.digests import EntryDigest, digests_of
from scoring.intake.answers import decided_by, decision_from, fields_as_sent
from scoring.intake.errors import EventNotFound
from scoring.lanes.amendments import VERSIONS
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.models import ModelVersion
from scoring.timestamps import to_iso

FORMAT = "assay/explanation/1"
DECISIONS = ("decision.made", "decision.revised")
_RECORDED = ("ruleset", "route", "arm", "role", "experiment", "unit", "batch", "runtime", "feature_set")
_TOLD = ("revision", "outcome", "score", "basis", "cause", "model", "decided_at")
_STEPS = ("exploration", "breaker", "unseen", "rule_errors")

Data = Mapping[str, Any]


def explain_event(stream: str, *, revision: int | None = None, now: datetime) -> dict[str, Any]:
    """The document of an event's current decision, or of that `revision`, as JSON values.

    Raises EventNotFound, and NoSuchDecision for an event or a revision that is not decided.
    """
    streams = read_streams([stream, f"label/{stream}"])
    if stream not in streams:
        raise EventNotFound(stream)
    entries = streams[stream]
    decisions = [entry for entry in entries if entry.type in DECISIONS]
    decision = _chosen(decisions, stream, revision)
    labels = [entry for entry in streams.get(f"label/{stream}", ()) if entry.type in LABEL_TYPES]
    changes, model = RulesetChanges(decision.data), _model_entries(decision.data)
    return {
        "format": FORMAT,
        "generated_at": to_iso(now),
        "event": _event(entries, decision),
        "decision": _decision(decision, is_current=decision is decisions[-1]),
        "versions": _versions(decision.data),
        "findings": [_finding(finding, changes) for finding in decision.data.get("findings", ())],
        "policy": _policy(decision.data, changes),
        "score": _score(decision),
        "decisions": [_told(entry) for entry in decisions],
        "labels": [_label(entry) for entry in labels],
        "entries": _proofs([*entries, *labels, *changes.entries, *model]),
    }


def _chosen(decisions: Sequence[Entry], stream: str, revision: int | None) -> Entry:
    for entry in reversed(decisions):
        if revision is None or entry.data["revision"] == revision:
            return entry
    raise NoSuchDecision(stream, revision=revision, decided=len(decisions))


def _event(entries: Sequence[Entry], decision: Entry) -> dict[str, Any]:
    """The event as it was when it was decided."""
    received = entries[0]
    decided = decision.data.get("event_version", received.position)
    version = next(each for each in entries if each.type in VERSIONS and each.position == decided)
    declared = event_type(received.data["type"]).fields
    return {
        "type": received.data["type"],
        "source": received.data["source"],
        "id": received.data["id"],
        "position": received.position,
        "version": version.data.get("version", 1),
        "occurred_at": version.data["occurred_at"],
        "received_at": to_iso(received.recorded_at),
        "fields": fields_as_sent(version.data, computed=True),
        "signals": version.data.get("signals", {}),
        "external": version.data.get("external", {}),
        "withheld": [name for name in version.data["fields"] if name in declared and declared[name].personal],
    }


def _decision(entry: Entry, *, is_current: bool) -> dict[str, Any]:
    data = entry.data
    currency, stake = event_type(data["event_type"]).base_currency, data["stake"]
    answered = decision_from(data)
    return {
        **{name: answered[name] for name in (*_TOLD, "thresholds", "reasons")},
        "decided_by": decided_by(data),
        "initial": data.get("initial", ""),
        "margin": data["margin"],
        "stake": None if stake is None else decimal_text(stake, currency),
        "currency": currency,
        **{name: data[name] for name in _STEPS if data.get(name)},
        **({"policies": answered["policies"]} if "policies" in answered else {}),
        "position": entry.position,
        "is_current": is_current,
    }


def _versions(data: Data) -> dict[str, Any]:
    """Every version that the decision rests on, as it recorded them."""
    model = ModelVersion.objects.filter(name=data["model"]).first() if data["model"] else None
    return {
        "model": data["model"],
        "artifact": model.artifact if model else "",
        "trained_as_of": to_iso(model.as_of) if model else None,
        **{name: data[name] for name in _RECORDED if name in data},
    }


def _model_entries(data: Data) -> list[Entry]:
    """The entries by which the model was trained and approved, and the route that chose it."""
    streams = [f"model/{data['model']}"] if data["model"] else []
    if route := data.get("route"):
        name = f"route/{data['event_type']}"
        routed = [each for each in read_streams([name]).get(name, ()) if each.stream_version == route]
    else:
        routed = []
    found = read_streams(streams)
    return [
        *(entry for name in streams for entry in found.get(name, ()) if entry.recorded_at <= _decided(data)),
        *routed,
    ]


def _decided(data: Data) -> datetime:
    return datetime.fromisoformat(data["decided_at"])


def _finding(finding: Data, changes: RulesetChanges) -> dict[str, Any]:
    """A finding with the text of its rule, or the definition of its list or bank and who added to it."""
    if finding["kind"] == "rule":
        drafted, staged = changes.rule(finding["name"], finding["number"])
        told = {"definition": drafted and drafted.data, "drafted": _change(drafted)}
        return {**finding, **told, "staged": _change(staged)}
    defined, listed = changes.held(finding["kind"], finding["name"], finding["number"])
    return {**finding, "definition": defined and defined.data, "listed": _change(listed)}


def _policy(data: Data, changes: RulesetChanges) -> dict[str, Any] | None:
    if not (policy := data.get("policy")):
        return None
    drafted, staged = changes.policy(policy["number"])
    told = {"definition": drafted and drafted.data, "drafted": _change(drafted)}
    return {**policy, **told, "staged": _change(staged)}


def _change(entry: Entry | None) -> dict[str, Any] | None:
    """Who made a change of the ruleset, when, and why."""
    if entry is None:
        return None
    return {
        "version": entry.stream_version,
        "position": entry.position,
        "by": entry.metadata.get("actor", ""),
        "at": to_iso(entry.recorded_at),
        **{name: entry.data[name] for name in ("stage", "reason") if entry.data.get(name)},
    }


def _score(entry: Entry) -> dict[str, Any]:
    """How the score comes about: all contributions, or the recorded reasons and why there are only those."""
    explained = explain_decision(entry)
    return {
        **explained._asdict(),
        "contributions": [_contribution(each) for each in explained.contributions],
    }


def _contribution(each: Contribution) -> dict[str, Any]:
    return {**each._asdict(), "odds": None if math.isnan(each.odds) else each.odds}


def _told(entry: Entry) -> dict[str, Any]:
    return {**{name: entry.data[name] for name in _TOLD}, "position": entry.position}


def _label(entry: Entry) -> dict[str, Any]:
    return {
        "label": entry.data["value"],
        "source": entry.data["source"],
        "known_at": entry.data["known_at"],
        "recorded_at": to_iso(entry.recorded_at),
        "position": entry.position,
    }


def _proofs(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The place of each entry in the log, and the digests of what is stored there."""
    by_position = {entry.position: entry for entry in entries}
    digests = digests_of(by_position)
    return [_proof(by_position[position], digests[position]) for position in sorted(by_position)]


def _proof(entry: Entry, digest: EntryDigest) -> dict[str, Any]:
    return {
        "position": entry.position,
        "stream": entry.stream,
        "version": entry.stream_version,
        "type": entry.type,
        "recorded_at": to_iso(entry.recorded_at),
        "sha256": digest.data,
        "packed_sha256": digest.packed,
    }
