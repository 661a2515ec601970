"""The section `gates` of the configuration file: by event type, the criteria that differ from the defaults.

A second person approves a change; until then it is requested.
"""

from dataclasses import asdict, replace
from typing import Any

from scoring.configuration.errors import ItemInvalid
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import (
    ENABLED,
    FLAG,
    MAPPING,
    NUMBER,
    TEXT,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    as_in_files,
    as_in_settings,
    check_members,
    without_defaults,
)
from scoring.configuration.sections.staged import REQUESTED
from scoring.learning.gates.changing import (
    approve_gate,
    check_approval,
    check_request,
    gate_in,
    request_gate,
    requested_in,
    stream_version,
)
from scoring.learning.gates.criteria import CHECKS, DEFAULT_CRITERIA, Criterion, Gate
from scoring.learning.gates.errors import GateInvalid
from scoring.learning.models import StoredGate

KINDS = {ENABLED: FLAG, "limit": NUMBER, "tolerance": NUMBER, "override": TEXT}


class GatesSection:
    name, title, depth = "gates", "Gates", 1
    approval = "scoring.approve_gate"

    def export(self, *, requests: bool = False) -> Items:
        rows = StoredGate.objects.order_by("event_type")
        items = {(row.event_type,): _exported(row, requests=requests) for row in rows}
        return {key: item for key, item in items.items() if item}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        self._change(key[0], _wanted(data), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        """Back to the defaults, once approved."""
        self._change(key[0], Gate(), applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        return self._planned(key[0], _wanted(data), planning)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return self._planned(key[0], Gate(), planning)

    def _change(self, event_type: str, wanted: Gate, applying: Applying) -> None:
        """Request the criteria unless they hold or are requested; approve them if there is an approver."""
        row = StoredGate.objects.filter(pk=event_type).first()
        if wanted.criteria == gate_in(row).criteria:
            return
        actor, now = applying.actor, applying.now
        if not _is_requested(wanted, row):
            try:
                request_gate(event_type, wanted, reason=applying.reason, actor=actor, now=now)
            except GateInvalid as error:
                raise _invalid(error) from error
            applying.requests += not applying.approver
        if applying.approver:
            seen = stream_version(event_type)
            approve_gate(event_type, seen=seen, actor=applying.approver, now=now)
        else:
            applying.notes.append(f"gate of {event_type}: it changes once a second person approves it.")

    def _planned(self, event_type: str, wanted: Gate, planning: Planning) -> Item | None:
        """What `_change` would make of it."""
        row = StoredGate.objects.filter(pk=event_type).first()
        before = _exported(row, requests=True) if row else {}
        if wanted.criteria == gate_in(row).criteria:
            return before or None
        requested_by = row.requested_by if row and _is_requested(wanted, row) else ""
        if not requested_by:
            try:
                check_request(event_type, wanted, row, reason=planning.reason)
            except GateInvalid as error:
                raise _invalid(error) from error
            planning.requests += not planning.approver
        if planning.approver:
            check_approval(event_type, requested_by=requested_by or planning.actor, actor=planning.approver)
            return _item(wanted) or None
        planning.notes.append(f"gate of {event_type}: it changes once a second person approves it.")
        return _item(gate_in(row)) | {REQUESTED: _item(wanted)}


def _is_requested(wanted: Gate, row: StoredGate | None) -> bool:
    requested = requested_in(row)
    return requested is not None and requested.criteria == wanted.criteria


def _exported(row: StoredGate, *, requests: bool) -> Item:
    item, requested = _item(gate_in(row)), requested_in(row)
    return item | {REQUESTED: _item(requested)} if requests and requested else item


def _item(gate: Gate) -> Item:
    """The criteria that differ from the defaults, each with what differs."""
    pairs = zip(gate.criteria, DEFAULT_CRITERIA, strict=True)
    return {
        mine.check: without_defaults(_members(mine), _members(other))
        for mine, other in pairs
        if mine != other
    }


def _members(criterion: Criterion) -> dict[str, Any]:
    """The members of a criterion as in files; what it compares is fixed."""
    return {name: value for name, value in as_in_files(asdict(criterion)).items() if name in KINDS}


def _wanted(data: Data) -> Gate:
    """The gate that an item of a file means. Raises ItemInvalid."""
    members = check_members(data, dict.fromkeys(CHECKS, MAPPING))
    return Gate(criteria=tuple(_criterion(each, members.get(each.check)) for each in DEFAULT_CRITERIA))


def _criterion(default: Criterion, data: Any) -> Criterion:
    given = check_members(data or {}, KINDS, at=(default.check,))
    stated = as_in_settings({name: value for name, value in given.items() if value is not None})
    return replace(default, **stated)


def _invalid(error: GateInvalid) -> ItemInvalid:
    return ItemInvalid(
        [((name,) if name else (), problem, allowed) for name, problem, allowed in error.problems]
    )


register_section(GatesSection())
