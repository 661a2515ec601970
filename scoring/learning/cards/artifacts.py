"""The artifact of a model version for people who take it elsewhere; each download is in the log."""

from datetime import datetime

from django.db import transaction

from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.registry.artifact import Artifact
from scoring.registry.errors import UnknownModel
from scoring.registry.model_versions import known_names, read_artifact
from scoring.registry.models import ModelVersion

DOWNLOADED = "model.downloaded"


def download_artifact(name: str, *, actor: str, now: datetime) -> Artifact:
    """The bytes of a version, checked, after `model.downloaded` was appended.

    Raises UnknownModel, ArtifactMissing, ArtifactCorrupt; nothing is appended then.
    """
    with transaction.atomic():
        # Locked, so that a judgment at the same time does not want the same place in the stream.
        version = ModelVersion.objects.select_for_update().filter(name=name).first()
        if version is None:
            raise UnknownModel(name=name, known=known_names())
        artifact = read_artifact(version)
        stream = f"model/{name}"
        entry = NewEntry(
            stream=stream,
            expected_version=last_version(stream),
            type=DOWNLOADED,
            data={"name": name, "digest": version.artifact},
            metadata={"actor": actor},
        )
        append([entry], now=now)
    return artifact
