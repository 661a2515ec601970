"""Mirrors model versions and their stages to MLflow. Everything may be repeated: what is there is found."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from django.conf import settings

from scoring.learning.mirror.client import Json, MlflowClient
from scoring.learning.mirror.content import RunContent, content_of, judgment_tags
from scoring.learning.mirror.errors import MlflowRefused
from scoring.registry.model_versions import find_version, read_artifact
from scoring.registry.routes import CHAMPION, SHADOW

T = TypeVar("T")

MAX_PARAMS, MAX_METRICS = 100, 1_000  # of one request
EXISTS = "RESOURCE_ALREADY_EXISTS"
FINISHED = "FINISHED"
_OURS = re.compile(rf"{CHAMPION}|canary|{SHADOW}-\d+")  # aliases that are the mirror's to remove


def mirror_version(client: MlflowClient, name: str) -> str:
    """Mirror a version as a run and a registered version, with its judgment; returns MLflow's number.

    Raises MlflowUnavailable, MlflowRefused, ArtifactsNotServed, ArtifactMissing, ArtifactCorrupt.
    """
    version = find_version(name)
    model = registered_name(version.event_type)
    run = _find_run(client, version.name, version.artifact)
    if run is None or run["info"]["status"] != FINISHED:
        content = content_of(version, read_artifact(version))
        run = _fill_run(client, run or _create_run(client, content), content)
    number = _registered_version(client, model, run, version.name)
    for key, value in judgment_tags(version).items():
        client.post("model-versions/set-tag", {"name": model, "version": number, "key": key, "value": value})
    return number


def mirror_route(client: MlflowClient, event_type: str, arms: Sequence[Mapping[str, Any]]) -> None:
    """Give each deployed version the alias of its role, and take it from the others. Raises as above."""
    model = registered_name(event_type)
    wanted = {alias: mirror_version(client, name) for alias, name in aliases_of(arms)}
    registered = client.get("registered-models/get", name=model)["registered_model"]
    present = {each["alias"]: str(each["version"]) for each in registered.get("aliases", [])}
    for alias in present.keys() - wanted.keys():
        if _OURS.fullmatch(alias):
            client.delete("registered-models/alias", {"name": model, "alias": alias})
    for alias, number in wanted.items():
        if present.get(alias) != number:
            client.post("registered-models/alias", {"name": model, "alias": alias, "version": number})


def aliases_of(arms: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The alias and the version of each arm; shadows are numbered, as there may be several.

    >>> arms = [{"role": "champion", "model": "payment-2"}, {"role": "shadow", "model": "payment-3"}]
    >>> dict(aliases_of(arms))
    {'champion': 'payment-2', 'shadow-1': 'payment-3'}
    """
    shadows = 0
    for arm in arms:
        shadows += arm["role"] == SHADOW
        yield (f"{SHADOW}-{shadows}" if arm["role"] == SHADOW else arm["role"]), arm["model"]


def registered_name(event_type: str) -> str:
    """The registered model of an event type; its name has no signs that MLflow refuses."""
    return re.sub(r"[/:]", "-", f"{settings.MLFLOW_EXPERIMENT}-{event_type}")


def _experiment(client: MlflowClient) -> str:
    name = settings.MLFLOW_EXPERIMENT
    found = client.find("experiments/get-by-name", experiment_name=name)
    if found is not None:
        return str(found["experiment"]["experiment_id"])
    return str(client.post("experiments/create", {"name": name})["experiment_id"])


def _find_run(client: MlflowClient, version: str, digest: str) -> Json | None:
    wanted = f"tags.`assay.version` = '{version}' and tags.`assay.artifact` = '{digest}'"
    query = {"experiment_ids": [_experiment(client)], "filter": wanted, "max_results": 1}
    return next(iter(client.post("runs/search", query).get("runs", [])), None)


def _create_run(client: MlflowClient, content: RunContent) -> Json:
    created = client.post(
        "runs/create",
        {
            "experiment_id": _experiment(client),
            "run_name": content.name,
            "start_time": content.trained_ms,
            "tags": _pairs(content.tags),
        },
    )
    run: Json = created["run"]
    return run


def _fill_run(client: MlflowClient, run: Json, content: RunContent) -> Json:
    """The status is written last, so a run that is finished is complete."""
    run_id = run["info"]["run_id"]
    for params in _parts(_pairs(content.params), MAX_PARAMS):
        client.post("runs/log-batch", {"run_id": run_id, "params": params})
    measured = [
        {"key": key, "value": value, "timestamp": content.trained_ms, "step": 0}
        for key, value in content.metrics.items()
    ]
    for metrics in _parts(measured, MAX_METRICS):
        client.post("runs/log-batch", {"run_id": run_id, "metrics": metrics})
    for path, data in content.files.items():
        client.upload(run["info"]["artifact_uri"], path, data)
    client.post("runs/update", {"run_id": run_id, "status": FINISHED, "end_time": content.trained_ms})
    return run


def _registered_version(client: MlflowClient, model: str, run: Json, version: str) -> str:
    run_id = run["info"]["run_id"]
    found = client.get("model-versions/search", filter=f"name = '{model}' and run_id = '{run_id}'")
    for each in found.get("model_versions", []):
        return str(each["version"])
    try:
        client.post("registered-models/create", {"name": model})
    except MlflowRefused as error:
        if error.code != EXISTS:
            raise
    created = client.post(
        "model-versions/create",
        {
            "name": model,
            "source": f"{run['info']['artifact_uri']}/model",
            "run_id": run_id,
            "tags": _pairs({"assay.version": version}),
        },
    )
    return str(created["model_version"]["version"])


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
