"""The registry of model versions as a table."""

from scoring.learning.models import ModelVersion
from scoring.log.entries import Entry
from scoring.log.projections import project
from scoring.log.tables import Row
from scoring.timestamps import from_iso


@project("model.trained", ModelVersion)
def model_version_row(entry: Entry) -> Row:
    data = entry.data
    return {
        "name": data["name"],
        "event_type": data["event_type"],
        "number": data["number"],
        "artefact": data["artefact"],
        "feature_set": data["feature_set"],
        "trained_at": from_iso(data["trained_at"]),
        "as_of": from_iso(data["as_of"]),
        "parameters": data["parameters"],
        "metrics": data["metrics"],
        "lineage": data["lineage"],
    }
