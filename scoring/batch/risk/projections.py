"""Overrides of risks as a table: how each entry of a stream `risk/{view}/{key}` changes its row."""

from scoring.batch.risk.models import RiskOverride
from scoring.batch.risk.overrides import ENDED, OVERRIDDEN
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso


def _key(entry: Entry) -> str:
    return entry.stream.rpartition("/")[2]


@fold_into(OVERRIDDEN, RiskOverride, key=_key)
def overridden(before: Row | None, entry: Entry) -> Row:
    return {
        "key": _key(entry),
        "view": entry.data["view"],
        "entity": entry.data["entity"],
        "score": entry.data["score"],
        "reason": entry.data["reason"],
        "set_by": str(entry.metadata.get("actor", "")),
        "set_at": entry.recorded_at,
        "expires_at": from_iso(entry.data["expires_at"]),
        "ended_by": "",
        "ended_at": None,
    }


@fold_into(ENDED, RiskOverride, key=_key)
def ended(before: Row | None, entry: Entry) -> Row:
    if before is None:
        raise ValueError(f"{entry.stream} ends an override that was never set")
    return before | {"ended_by": str(entry.metadata.get("actor", "")), "ended_at": entry.recorded_at}
