"""Models are mirrored alike to a real MLflow server, if one is installed, and to the one that tests play.

`pip install mlflow` in an environment of its own; ASSAY_TEST_MLFLOW names its program unless it is on the
PATH.
"""

import hashlib
from contextlib import ExitStack
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from scoring.learning.mirror.client import ARTIFACTS, MlflowClient
from scoring.learning.mirror.mirroring import mirror_route, mirror_version
from tests.factories.mlflow_server import fake_mlflow, mlflow_program, real_mlflow
from tests.factories.registered import register

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=["fake", "real"])
def url(request, tmp_path_factory):
    program = mlflow_program()
    if request.param == "real" and program is None:
        pytest.skip("MLflow is not installed")
    with ExitStack() as stack:
        if request.param == "real":
            yield stack.enter_context(real_mlflow(program, tmp_path_factory.mktemp("mlflow")))
        else:
            yield stack.enter_context(fake_mlflow()).url


@pytest.fixture
def server(url, settings, request):
    """A client of the server, with an experiment for this test alone."""
    settings.MLFLOW_EXPERIMENT = request.node.name.partition("[")[0]
    return MlflowClient(url, headers={})


def runs_of(server, settings):
    experiment = server.get("experiments/get-by-name", experiment_name=settings.MLFLOW_EXPERIMENT)
    query = {"experiment_ids": [experiment["experiment"]["experiment_id"]], "filter": "", "max_results": 10}
    return server.post("runs/search", query)["runs"]


def pairs(listed):
    return {each["key"]: each["value"] for each in listed}


def versions_of(server, settings):
    found = server.get("model-versions/search", filter=f"name = '{settings.MLFLOW_EXPERIMENT}-payment'")
    return {pairs(each["tags"])["assay.version"]: each for each in found["model_versions"]}


def aliases_of(server, settings):
    model = server.get("registered-models/get", name=f"{settings.MLFLOW_EXPERIMENT}-payment")
    return {each["alias"]: str(each["version"]) for each in model["registered_model"].get("aliases", [])}


def content(url, run, path):
    place = urlsplit(run["info"]["artifact_uri"]).path.strip("/")
    with urlopen(f"{url}{ARTIFACTS}{place}/{path}", timeout=30) as answer:  # noqa: S310 -- our own server
        return answer.read()


def test_a_version_is_a_finished_run_and_a_registered_version(server, settings, url):
    version = register(parameters={"depth": 6, "shares": {"gap_days": 14.0}, "features_left_out": ["a"]})
    mirror_version(server, version.name)

    (run,) = runs_of(server, settings)
    assert (run["info"]["run_name"], run["info"]["status"]) == (version.name, "FINISHED")
    params = pairs(run["data"]["params"])
    assert params == {"depth": "6", "shares.gap_days": "14.0", "features_left_out": '["a"]'}
    metrics = pairs(run["data"]["metrics"])
    assert metrics == {"average_precision": 0.75, "policies.card testing.brier": 0.25}
    tags = pairs(run["data"]["tags"])
    assert tags["assay.artifact"] == version.artifact
    assert tags["assay.rows"] == "1000"
    assert hashlib.sha256(content(url, run, "model/artifact.bin")).hexdigest() == version.artifact
    assert content(url, run, "model/booster.ubj") == b"booster"
    registered = versions_of(server, settings)[version.name]
    assert registered["run_id"] == run["info"]["run_id"]
    assert pairs(registered["tags"])["assay.status"] == "candidate"


def test_a_repetition_adds_nothing_and_completes_an_interrupted_run(server, settings, monkeypatch):
    version = register()
    with monkeypatch.context() as broken:
        broken.setattr(server, "upload", _interrupted)
        with pytest.raises(ConnectionError):
            mirror_version(server, version.name)
    assert [run["info"]["status"] for run in runs_of(server, settings)] == ["RUNNING"]
    numbers = {mirror_version(server, version.name) for _ in range(2)}
    assert len(numbers) == 1
    assert [run["info"]["status"] for run in runs_of(server, settings)] == ["FINISHED"]
    assert len(versions_of(server, settings)) == 1


def test_stages_are_aliases_and_others_stay(server, settings):
    first, second, third = (register().name for _ in range(3))
    mirror_route(server, "payment", [_arm(first, "champion"), _arm(third, "shadow")])
    numbers = {name: str(each["version"]) for name, each in versions_of(server, settings).items()}
    assert aliases_of(server, settings) == {"champion": numbers[first], "shadow-1": numbers[third]}

    model = f"{settings.MLFLOW_EXPERIMENT}-payment"
    server.post("registered-models/alias", {"name": model, "alias": "audited", "version": numbers[first]})
    mirror_route(server, "payment", [_arm(first, "champion"), _arm(second, "canary")])
    numbers = {name: str(each["version"]) for name, each in versions_of(server, settings).items()}
    assert aliases_of(server, settings) == {
        "champion": numbers[first],
        "canary": numbers[second],
        "audited": numbers[first],
    }


def _arm(model, role):
    return {"name": role, "model": model, "role": role, "share": 1.0}


def _interrupted(*args):
    raise ConnectionError("the process was killed")
