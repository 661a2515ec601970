"""Decisions, labels and what supersedes a decision, as Arrow tables: the rows of the investigation store.

Values are in the units of expressions, NULL where one is missing. Of personal fields only presence is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.registry import event_type as find_event_type
from scoring.log.entries import Entry
from scoring.rules.backtest.evaluation.reading import EventPage, read_versions, version_decided
from scoring.rules.deciding.precedence import Finding
from scoring.rules.expressions.columns import operand_values
from scoring.rules.expressions.operands import FLAG, NUMBER, Operand, operands_of
from scoring.rules.quality.logged import findings_in
from scoring.rules.rules.trial.decided_events import FeatureColumns
from scoring.timestamps import from_iso

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
TIME = pa.timestamp("us", tz="UTC")
RETRACTED = 32_767  # a revision that no decision has: nothing of the event counts

DECIDED: Mapping[str, pa.DataType] = {
    "event_position": pa.int64(),
    "position": pa.int64(),
    "revision": pa.int16(),
    "id": TEXT,
    "source": TEXT,
    "received_at": TIME,
    "occurred_at": TIME,
    "decided_at": TIME,
    "score": pa.float64(),
    "outcome": TEXT,
    "initial": TEXT,
    "decided_by": TEXT,
    "basis": TEXT,
    "cause": TEXT,
    "model": TEXT,
    "arm": TEXT,
    "stake": pa.float64(),
    "reasons": TEXTS,
    "rules": TEXTS,
    "shadow_rules": TEXTS,
    "lists": TEXTS,
    "banks": TEXTS,
    "hits": TEXTS,
}
LABELS = pa.schema(
    [("event_position", pa.int64()), ("position", pa.int64()), ("label", TEXT), ("label_source", TEXT)]
)
LATEST = pa.schema([("event_position", pa.int64()), ("revision", pa.int16())])
_ARROW_TYPES = {NUMBER: pa.float64(), FLAG: pa.bool_()}


def stored_operands(event_type: str) -> list[Operand]:
    """The operands that have a column of their own: fields, signals and features of the type."""
    return [each for each in operands_of(event_type) if each.kind in ("field", "signal", "feature")]


def column_of(operand: Operand) -> str:
    """The column of an operand: `field.amount`; of a personal one the flag whether there is a value."""
    if operand.kind in ("score", "source"):
        return operand.kind
    return f"has.{operand.column}" if operand.personal else f"{operand.kind}.{operand.column}"


def hit_of(field: str, name: str) -> str:
    """How the column `hits` names a hit on a list; `field` is "" for one on a hash bank."""
    return f"{field}/{name}"


def decision_table(event_type: str, entries: Sequence[Entry], features: FeatureColumns) -> pa.Table:
    """The rows of decisions on events of a type, in the order given."""
    page = _page_of(entries, features)
    operands = stored_operands(event_type)
    stored = page.columns(operands)
    arrays = _own_columns(event_type, entries, page)
    for operand in operands:
        values = operand_values(operand, stored[operand.name])
        if operand.personal:
            values = [value is not None for value in values]
        arrays[column_of(operand)] = pa.array(values, type=arrow_type(operand))
    return pa.table(arrays)


def column_types(event_type: str) -> dict[str, str]:
    """The type of each column of a type's decisions, as the catalog has them now."""
    own = {name: str(each) for name, each in DECIDED.items()}
    return own | {column_of(each): str(arrow_type(each)) for each in stored_operands(event_type)}


def arrow_type(operand: Operand) -> pa.DataType:
    """The type of an operand's column."""
    return pa.bool_() if operand.personal else _ARROW_TYPES.get(operand.type, TEXT)


def label_table(entries: Sequence[Entry], receipts: Mapping[str, int]) -> pa.Table:
    """The effective label of an event after each entry, "" for none. `receipts`: positions by stream."""
    known = [entry for entry in entries if entry.data["event"] in receipts]
    rows = [
        {
            "event_position": receipts[entry.data["event"]],
            "position": entry.position,
            "label": entry.data["effective"] or "",
            "label_source": entry.data["source"],
        }
        for entry in known
    ]
    return pa.Table.from_pylist(rows, schema=LABELS)


def latest_table(entries: Iterable[Entry]) -> pa.Table:
    """The revision that counts of each event that has several, or was retracted, after each entry."""
    rows = [
        {
            "event_position": entry.data["event_position"],
            "revision": RETRACTED if entry.type == "event.retracted" else entry.data["revision"],
        }
        for entry in entries
    ]
    return pa.Table.from_pylist(rows, schema=LATEST)


def _page_of(entries: Sequence[Entry], features: FeatureColumns) -> EventPage:
    decisions = [entry.data for entry in entries]
    decided = [version_decided(each) for each in decisions]
    versions = read_versions(decided)
    return EventPage(
        streams=[entry.stream for entry in entries],
        decisions=decisions,
        packed=[entry.packed or b"" for entry in entries],
        versions=[versions[position] for position in decided],
        labels=[None] * len(entries),
        features=features,
    )


def _own_columns(event_type: str, entries: Sequence[Entry], page: EventPage) -> dict[str, pa.Array]:
    """The columns of DECIDED."""
    kind = find_event_type(event_type)
    minor_units = 10 ** EXPONENTS[kind.base_currency] if kind.base_currency else 1
    rows = [
        _own_values(entry, version, minor_units)
        for entry, version in zip(entries, page.versions, strict=True)
    ]
    return {name: pa.array([row[name] for row in rows], type=each) for name, each in DECIDED.items()}


def _own_values(entry: Entry, version: Mapping[str, Any], minor_units: int) -> dict[str, Any]:
    decision = entry.data
    _, source, external_id = entry.stream.split("/", 2)
    stake = decision.get("stake")
    return {
        "event_position": decision["event_position"],
        "position": entry.position,
        "revision": decision["revision"],
        "id": external_id,
        "source": source,
        "received_at": from_iso(decision.get("received_at") or decision["decided_at"]),
        "occurred_at": from_iso(version["occurred_at"]),
        "decided_at": from_iso(decision["decided_at"]),
        "score": decision.get("score"),
        "outcome": decision["outcome"],
        "initial": decision.get("initial") or decision["outcome"],
        "decided_by": decision.get("decided_by") or None,
        "basis": decision["basis"],
        "cause": decision.get("cause") or None,
        "model": decision.get("model") or None,
        "arm": decision.get("arm") or None,
        "stake": None if stake is None else stake / minor_units,
        "reasons": [each["code"] for each in decision.get("reasons", ()) if "code" in each],
        **_findings(findings_in(decision)),
    }


def _findings(findings: Sequence[Finding]) -> dict[str, list[str]]:
    def names(kind: str, stage: str = "") -> list[str]:
        found = (each for each in findings if each.kind == kind and stage in ("", each.stage))
        return list(dict.fromkeys(each.name for each in found))

    hits = [
        hit_of("" if each.kind == "bank" else each.field, each.name)
        for each in findings
        if each.kind != "rule"
    ]
    return {
        "rules": names("rule", "active"),
        "shadow_rules": names("rule", "shadow"),
        "lists": names("list"),
        "banks": names("bank"),
        "hits": list(dict.fromkeys(hits)),
    }
