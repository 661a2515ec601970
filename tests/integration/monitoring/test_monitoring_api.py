"""What monitoring found over HTTP: as the commands say it, as the document promises it, for keys that may."""

import json
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from drf_spectacular.generators import SchemaGenerator

from monitoring.alerts.entries import append_about, changing
from monitoring.alerts.scopes import key_of
from monitoring.drift.report import MIN_EFFECT
from tests.factories.log import NOW
from tests.integration.api.conftest import Api, make_key, nothing_remembered
from tests.integration.api.test_document import assert_promised
from tests.integration.monitoring.made_up import add_model
from tests.integration.monitoring.test_drift_page import decide_now, route_to

__all__ = ["make_key", "nothing_remembered"]

pytestmark = pytest.mark.django_db(transaction=True)

MakeKey = Callable[..., str]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def told_by(command: str) -> dict[str, Any]:
    out = StringIO()
    with suppress(CommandError):  # the answer is no, such as: nothing has drifted
        call_command(command, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def fire(scope: dict[str, str], *, rule: str = "lanes.parked") -> None:
    data = {
        "rule": rule,
        "metric": rule,
        "scope": scope,
        "severity": "warning",
        "owner": "group/lead",
        "value": 3.0,
        "low": None,
        "high": 4.0,
        "rows": 100,
        "side": "above",
        "threshold": 0.0,
        "since": NOW,
        "because": "Processing failed.",
        "path": "",
        "runbook": "",
        "flapping": False,
        "parent": "",
    }
    key = key_of(rule, scope)
    with changing(key):
        append_about(key, "fired", data, actor="alerts", now=NOW)


def test_drift_is_told_with_every_distance(make_key: MakeKey, document: dict[str, Any]) -> None:
    route_to(add_model(1))
    decide_now(600, shift=True)
    response = Api(make_key("monitoring:read")).get("monitoring/drift?event_type=payment")
    assert_promised(document, "/api/v1/monitoring/drift", "get", response)
    assert response.json() == told_by("drift")
    [model] = response.json()["models"]
    [amount] = [each for each in model["features"] if each["name"] == "amount"]
    assert amount["state"] == "shifted"
    assert {"jensen_shannon", "kolmogorov_smirnov", "wasserstein"} <= set(amount["distances"])


def test_drift_is_told_when_chance_explains_much_of_it(make_key: MakeKey) -> None:
    route_to(add_model(1))
    decide_now(40)
    [model] = Api(make_key("monitoring:read")).get("monitoring/drift").json()["models"]
    assert model["effect_threshold"] > MIN_EFFECT


def test_alerts_are_told_as_the_command_tells_them(make_key: MakeKey, document: dict[str, Any]) -> None:
    fire({})
    fire({"event_type": "payment"})
    response = Api(make_key("monitoring:read")).get("monitoring/alerts")
    assert_promised(document, "/api/v1/monitoring/alerts", "get", response)
    alerts = response.json()["alerts"]
    assert len(alerts) == 2
    for alert, told in zip(alerts, told_by("alerts")["alerts"], strict=True):
        spelled_alike = alert.keys() - {"since", "fired_at"}
        assert {name: alert[name] for name in spelled_alike} == {name: told[name] for name in spelled_alike}


def test_a_key_sees_the_event_types_that_it_allows(make_key: MakeKey) -> None:
    route_to(add_model(1))
    decide_now(60)
    for scope in ({}, {"event_type": "payment"}, {"event_type": "content"}):
        fire(scope)
    of_content = Api(make_key("monitoring:read", event_types=["content"]))
    assert of_content.get("monitoring/drift").json() == {"models": []}
    [alert] = of_content.get("monitoring/alerts").json()["alerts"]
    assert alert["scope"] == {"event_type": "content"}
    assert of_content.get("monitoring/alerts?event_type=payment").status_code == 403


def test_a_query_for_an_unknown_event_type_names_those_allowed(make_key: MakeKey) -> None:
    response = Api(make_key("monitoring:read")).get("monitoring/drift?event_type=login")
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["field"] == "event_type"
    assert "payment" in error["allowed"]
