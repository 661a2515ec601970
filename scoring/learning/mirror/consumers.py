"""The consumer that mirrors models to MLflow; there is none while no server is set."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from scoring.log.consumers.registry import Consumer, register
from scoring.log.entries import Entry

ROUTE_CHANGED = "route.changed"


def mirror_entries(entries: Sequence[Entry], *, now: datetime) -> None:
    """Mirror the versions and the stages that these entries concern."""
    from scoring.learning.mirror import client, mirroring  # noqa: PLC0415 (pages about consumers lack both)

    server = client.client_of_settings()
    for entry in entries:
        if entry.type == ROUTE_CHANGED:
            mirroring.mirror_route(server, entry.data["event_type"], entry.data["arms"])
        else:
            mirroring.mirror_version(server, entry.data["name"])


def keep_mirrored() -> None:
    """Nothing is undone before the log is read again: an entry that is mirrored again finds its run."""


MLFLOW = Consumer(
    name="scoring.mlflow",
    types=frozenset({"model.trained", "model.approved", "model.rejected", ROUTE_CHANGED}),
    handle=mirror_entries,
    reset=keep_mirrored,
    remote=True,
)

if settings.MLFLOW_TRACKING_URI:
    register(MLFLOW)
