"""The artifact leaves as the bytes that its digest names, for those who may, and the log knows."""

import hashlib
from base64 import b64decode
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from scoring.log.read import read_stream
from scoring.registry.models import ModelArtifact, ModelVersion
from tests.factories.models import approved, train_small_models
from tests.integration.learning.test_training_pages import LOOK, client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(online_redis, settings, tmp_path) -> str:
    settings.VAR_DIR = tmp_path / "var"
    return train_small_models(15, 25)[0]


def downloads_of(model):
    entries = read_stream(f"model/{model}")
    return [entry.metadata["actor"] for entry in entries if entry.type == "model.downloaded"]


def test_the_download_and_the_export_are_checked_and_in_the_log(model, tmp_path):
    digest = ModelVersion.objects.get(name=model).artifact
    address = reverse("admin:model_artifact", args=[model])
    onlooker = client_of("cy", *LOOK)
    assert onlooker.get(address).status_code == 403
    assert address not in onlooker.get(reverse("admin:model", args=[model])).content.decode()
    client = client_of("dana", *LOOK, "download_modelversion")
    assert address in client.get(reverse("admin:model", args=[model])).content.decode()
    answer = client.get(address)
    assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == digest
    assert b64decode(answer["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":")).hex() == digest
    assert answer["Content-Disposition"] == f'attachment; filename="{model}-{digest}.bin"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert client.get(reverse("admin:model_artifact", args=["payment-9"])).status_code == 404

    file, out = tmp_path / "model.bin", StringIO()
    call_command("models", export=[model, str(file)], stdout=out)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    assert digest in out.getvalue()
    with pytest.raises(CommandError, match="exists already"):
        call_command("models", export=[model, str(file)])
    assert downloads_of(model) == ["user/dana", "command/models"]
    approved(model)  # a judgment still finds its place in the stream

    ModelArtifact.objects.filter(digest=digest).update(booster=b"changed")
    assert client.get(address).status_code == 404
    with pytest.raises(CommandError, match="is corrupt"):
        call_command("models", export=[model, str(tmp_path / "other.bin")])
    assert len(downloads_of(model)) == 2
    assert not (tmp_path / "other.bin").exists()
