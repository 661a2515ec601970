"""The consumer that mirrors models: never in the way of a training, repeated after failures, visible."""

from datetime import UTC, datetime

import pytest

from scoring.learning.mirror.consumers import MLFLOW
from scoring.learning.mirror.tasks import mirror_models
from scoring.learning.promotion.gate import approve
from scoring.log.consumers import registry as consumers
from scoring.log.consumers.registry import rebuild_consumer
from scoring.log.consumers.runs import run_consumers
from scoring.log.consumers.status import consumer_health
from scoring.log.models import ConsumerCursor
from scoring.registry.routes import Arm, change_route
from tests.factories.mlflow_server import fake_mlflow
from tests.factories.registered import register

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "assay-payment"


@pytest.fixture
def server(settings, monkeypatch):
    with fake_mlflow() as server:
        settings.MLFLOW_TRACKING_URI = server.url
        settings.MLFLOW_EXPERIMENT = "assay"
        list(consumers.registered_consumers())  # imports the apps' consumers, which register only once
        monkeypatch.setattr(consumers, "_consumers", {MLFLOW.name: MLFLOW})
        yield server


def deploy(name):
    arms = [Arm("champion", name, "champion", 1.0)]
    change_route(
        "payment",
        arms=arms,
        salt="salt",
        unit="card",
        expected_version=0,
        actor="user/bo",
        reason="promoted",
        now=NOW,
    )


def tags_of(server, number):
    return {tag["key"]: tag["value"] for tag in server.models[MODEL]["versions"][number - 1]["tags"]}


def test_what_happens_to_a_version_follows(server):
    version = register()
    assert mirror_models() == 1
    assert tags_of(server, 1)["assay.status"] == "candidate"
    approve(version.name, actor="user/bo", note="seen", forced=True, now=NOW)
    deploy(version.name)
    assert mirror_models() == 2
    assert mirror_models() == 0
    assert tags_of(server, 1)["assay.judged_by"] == "user/bo"
    assert server.models[MODEL]["aliases"] == {"champion": "1"}
    assert len(server.runs) == 1


def test_a_server_that_is_away_keeps_no_training_and_no_other_consumer_waiting(server):
    server.away = True
    version = register()  # as a training does
    assert run_consumers(now=NOW) == {}
    assert server.seen == []  # remote consumers have a task of their own
    assert mirror_models() == 0
    (health,) = consumer_health(max_lag=100)
    assert (health.name, health.lag) == (MLFLOW.name, 1)
    assert "MLflow refused" in health.error
    assert "503" in health.error

    server.away = False
    assert mirror_models() == 1
    (health,) = consumer_health(max_lag=100)
    assert (health.lag, health.error) == (0, "")
    assert tags_of(server, 1)["assay.version"] == version.name


def test_an_address_without_a_server_is_named(server, settings):
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"
    register()
    mirror_models()
    assert "no MLflow server answers at MLFLOW_TRACKING_URI='http://127.0.0.1:9'" in _error()


def test_artifacts_that_the_server_does_not_take_are_an_error_that_says_what_to_do(server):
    server.scheme = "s3://bucket"
    register()
    mirror_models()
    assert "start it with --serve-artifacts" in _error()


def test_a_new_server_is_filled_from_the_beginning_of_the_log(server):
    register()
    mirror_models()
    server.runs.clear()
    server.models.clear()
    rebuild_consumer(MLFLOW, now=NOW)
    assert len(server.runs) == len(server.models[MODEL]["versions"]) == 1


def test_without_a_server_nothing_is_read_or_sent(server, settings):
    settings.MLFLOW_TRACKING_URI = ""
    register()
    assert mirror_models() == 0
    assert server.seen == []
    assert not ConsumerCursor.objects.filter(name=MLFLOW.name).exists()


@pytest.mark.parametrize(
    ("stated", "sent"),
    [
        ({"MLFLOW_TOKEN": "t0k"}, "Bearer t0k"),
        ({"MLFLOW_USERNAME": "assay", "MLFLOW_PASSWORD": "pw"}, "Basic YXNzYXk6cHc="),
        ({}, None),
    ],
)
def test_credentials_are_sent_with_every_request(server, settings, stated, sent):
    for name, value in stated.items():
        setattr(settings, name, value)
    register()
    mirror_models()
    assert {headers.get("authorization") for headers in server.seen} == {sent}


def _error():
    return ConsumerCursor.objects.get(name=MLFLOW.name).error
