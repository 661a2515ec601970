"""Published versions as a table: how each log entry changes its row."""

from scoring.batch.models import BatchVersion
from scoring.log.entries import Entry
from scoring.log.projections import project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso


@project("batch.published", BatchVersion)
def published_version(entry: Entry) -> Row:
    data = entry.data
    return {
        "id": entry.position,
        "view": data["view"],
        "number": data["number"],
        "definition": data["definition"],
        "as_of": from_iso(data["as_of"]),
        "log_position": data["log_position"],
        "valid_from": from_iso(data["valid_from"]),
        "published_at": entry.recorded_at,
        "digest": data["digest"],
        "rows": data["rows"],
        "seconds": data["seconds"],
        "inputs": data.get("inputs"),
    }
