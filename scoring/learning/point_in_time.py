"""Point-in-time sets for others: what training would learn from at a cut-off, as a table or a file."""

from datetime import datetime, timedelta

import fsspec
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.catalog.registry import event_type as find_event_type
from scoring.decisions.models import Event
from scoring.learning.dataset import Progress, read_labels, read_vectors
from scoring.learning.training_set import TrainingSet, join_labels
from scoring.learning.vocabularies import count_vocabulary
from scoring.offline.store import OfflineStore
from scoring.timestamps import to_iso

IDS_A_QUERY = 50_000


def read_training_set(
    event_type: str,
    *,
    as_of: datetime,
    matures_after: timedelta | None = None,
    log_position: int | None = None,
    store: OfflineStore | None = None,
    progress: Progress | None = None,
) -> TrainingSet:
    """The events mature at `as_of`, each with its features as of its decision and its label as known then.

    `matures_after`: the catalog's without one. Entries beyond `log_position` are not looked at. Raises
    UnknownEventType, OfflineStoreOfAnotherLog.
    """
    kind = find_event_type(event_type)
    vectors = read_vectors(
        kind.name,
        vocabulary=count_vocabulary(kind, as_of=as_of, store=store),
        log_position=log_position,
        progress=progress,
        store=store,
    )
    labels = read_labels(vectors, log_position=log_position, store=store)
    maturity = kind.matures_after if matures_after is None else matures_after
    return join_labels(vectors=vectors, labels=labels, as_of=as_of, matures_after=maturity)


def training_table(data: TrainingSet) -> pa.Table:
    """A row an event: whose it is and when, its label (1 positive), then its features as float32.

    Columns that are no features begin with an underscore. `_inferred` marks negatives that nobody stated;
    `_group` numbers the type's first entity. The schema's metadata `assay` (JSON) says what the set is of.
    """
    sources, ids = _event_ids(data.positions)
    about = {
        "event_type": data.event_type,
        "as_of": to_iso(data.as_of),
        "feature_set": data.feature_set,
        "vocabularies": {name: list(values) for name, values in data.vocabularies.items()},
    }
    columns = {
        "_position": pa.array(data.positions),
        "_source": pa.array(sources, pa.string()),
        "_id": pa.array(ids, pa.string()),
        "_occurred_at": pa.array(data.occurred_at).cast(pa.timestamp("us", tz="UTC")),
        "_label": pa.array(data.y),
        "_inferred": pa.array(data.inferred),
        "_group": pa.array(data.groups),
        **{name: pa.array(data.X[:, column]) for column, name in enumerate(data.feature_names)},
    }
    return pa.table(columns).replace_schema_metadata({"assay": orjson.dumps(about).decode()})


def write_training_set(data: TrainingSet, url: str) -> None:
    """The set as a Parquet file at a path or any fsspec URL."""
    with fsspec.open(url, "wb") as file:
        pq.write_table(training_table(data), file, compression="zstd")


def _event_ids(positions: np.ndarray) -> tuple[list[str], list[str]]:
    """Each event's (source, the sender's own id)."""
    known: dict[int, tuple[str, str]] = {}
    for start in range(0, len(positions), IDS_A_QUERY):
        wanted = positions[start : start + IDS_A_QUERY].tolist()
        rows = Event.objects.filter(position__in=wanted).values_list("position", "source", "external_id")
        known |= {position: (source, external_id) for position, source, external_id in rows}
    pairs = [known[position] for position in positions.tolist()]
    return [source for source, _ in pairs], [external_id for _, external_id in pairs]
