"""Everything behind a decision, over HTTP."""

import hashlib
from collections.abc import Callable

import pytest
from django.db import connection

from scoring.log.append import append
from scoring.log.models import LogEntry
from scoring.rules.ruleset.stream import append_changes
from tests.factories.explaining import NOW, explained_event
from tests.factories.log import decided, received
from tests.factories.rules import rule_version, staged
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.django_db


def test_an_explanation_names_the_rules_and_lists_with_their_text_and_authors(api: Api) -> None:
    event = explained_event()
    explained = api.get("explanations/payment/T-1").json()
    assert explained["decision"]["outcome"] == "block"
    assert explained["decision"]["decided_by"] == "list"
    assert explained["versions"]["ruleset"] == 4
    listed, rule = explained["findings"]
    assert listed["definition"]["title"] == "Stolen cards"
    assert (listed["listed"]["by"], listed["listed"]["version"]) == ("user/lea", 4)
    assert rule["definition"]["expression"] == "amount > 5 && !has(device)"
    assert (rule["drafted"]["by"], rule["staged"]["stage"]) == ("user/ana", "active")
    assert explained["labels"][0]["label"] == "fraud"
    assert explained["event"]["position"] == event.position


def test_an_explanation_withholds_personal_values(api: Api) -> None:
    explained_event()
    event = api.get("explanations/payment/T-1").json()["event"]
    assert event["fields"] == {"card": "c-1", "amount": "12.34", "currency": "USD"}
    assert event["withheld"] == ["ip"]


def test_the_digests_are_those_of_what_the_log_stores(api: Api) -> None:
    explained_event()
    entries = api.get("explanations/payment/T-1").json()["entries"]
    assert {entry["type"] for entry in entries} >= {
        "event.received",
        "decision.made",
        "label.recorded",
        "rule.drafted",
        "rule.staged",
        "list.defined",
        "list.values_added",
    }
    for entry in entries:
        stored = LogEntry.objects.get(position=entry["position"])
        assert entry["sha256"] == hashlib.sha256(stored.data.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position, encode(sha256(convert_to(data, 'UTF8')), 'hex'),"
            " coalesce(encode(sha256(packed), 'hex'), '') FROM scoring_logentry WHERE position = ANY(%s)",
            [[entry["position"] for entry in entries]],
        )
        computed = {position: (data, packed) for position, data, packed in cursor.fetchall()}
    assert computed == {each["position"]: (each["sha256"], each["packed_sha256"]) for each in entries}


def test_a_later_change_of_a_rule_is_not_shown(api: Api) -> None:
    explained_event()
    append_changes([staged(rule_version(), "archived")], actor="user/bob", now=NOW)
    explained = api.get("explanations/payment/T-1").json()
    assert explained["findings"][1]["staged"]["stage"] == "active"


def test_an_earlier_decision_is_explained_by_its_revision(api: Api) -> None:
    event = explained_event()
    append([decided(event, revision=1, outcome="allow", margin=-3.0)], now=NOW)
    assert api.get("explanations/payment/T-1").json()["decision"]["outcome"] == "allow"
    first = api.get("explanations/payment/T-1?revision=0").json()
    assert (first["decision"]["outcome"], first["decision"]["is_current"]) == ("block", False)
    assert [each["outcome"] for each in first["decisions"]] == ["block", "allow"]


def test_a_decision_of_an_installation_without_rules_is_explained_too(api: Api) -> None:
    [event] = append([received("T-2")], now=NOW)
    append([decided(event, margin=-1.0)], now=NOW)
    explained = api.get("explanations/payment/T-2").json()
    assert (explained["findings"], explained["policy"]) == ([], None)
    assert explained["decision"]["decided_by"] == "model"


def test_what_is_not_decided_has_no_explanation(api: Api) -> None:
    append([received("T-2")], now=NOW)
    for path in ("explanations/payment/T-2", "explanations/payment/T-9"):
        assert api.get(path).status_code == 404
    problem = api.get("explanations/payment/T-2").json()
    assert problem["type"] == "/api/problems/decision-not-found"
    assert problem["detail"] == "payment/shop/T-2 has no decision: it is not decided"


def test_a_revision_that_does_not_exist_names_those_that_do(api: Api) -> None:
    explained_event()
    problem = api.get("explanations/payment/T-1?revision=7").json()
    assert problem["detail"].endswith("has no decision with the revision 7: its revisions are 0 to 0")
    invalid = api.get("explanations/payment/T-1?revision=last")
    assert invalid.status_code == 422
    assert invalid.json()["errors"][0]["field"] == "revision"


def test_an_explanation_needs_its_own_scope(api_with: Callable[..., Api]) -> None:
    explained_event()
    response = api_with("events:read").get("explanations/payment/T-1")
    assert (response.status_code, response.json()["scope"]) == (403, "explanations:read")
    other = api_with("explanations:read", source="bank").get("explanations/payment/T-1")
    assert other.status_code == 404
