from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from scoring.api.keys import issue as keys
from scoring.api.keys import use as key_use
from scoring.api.keys.errors import ApiKeyExpired
from scoring.api.keys.requests import SCOPES
from scoring.api.models import ApiKey
from scoring.log.read import read_stream
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# (method, address, scope): every operation of the API.
OPERATIONS = [
    ("POST", "/api/v1/events", "events:write"),
    ("GET", "/api/v1/events/payment/T-1", "events:read"),
    ("GET", "/api/v1/events/parked", "events:read"),
    ("POST", "/api/v1/labels", "labels:write"),
    ("GET", "/api/v1/labels/held", "labels:read"),
    ("GET", "/api/v1/monitoring/drift", "monitoring:read"),
    ("GET", "/api/v1/monitoring/alerts", "monitoring:read"),
    ("GET", "/api/v1/monitoring/business", "monitoring:read"),
]


def call(method: str, address: str, authorization: str = "") -> Any:
    headers = {"Authorization": authorization} if authorization else {}
    return Client(headers=headers).generic(method, address, b"{}", content_type="application/json")


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "address", "scope"), OPERATIONS)
@pytest.mark.parametrize(
    ("authorization", "slug"),
    [
        ("", "no-api-key"),
        ("Bearer assay_unknown", "invalid-api-key"),
        ("Basic dXNlcjpwdw==", "invalid-api-key"),
        ("Bearer", "invalid-api-key"),
    ],
)
def test_every_operation_needs_a_valid_key(
    method: str, address: str, scope: str, authorization: str, slug: str
) -> None:
    response = call(method, address, authorization)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith('Bearer realm="assay"')
    assert response.json()["type"] == f"/api/problems/{slug}"


@pytest.mark.parametrize(("method", "address", "scope"), OPERATIONS)
def test_a_key_without_the_scope_gets_the_required_scope_named(
    method: str, address: str, scope: str, make_key: Callable[..., str]
) -> None:
    others = [name for name in SCOPES if name != scope]
    response = call(method, address, f"Bearer {make_key(*others)}")
    assert response.status_code == 403
    assert response.json()["scope"] == scope
    assert f'scope="{scope}"' in response["WWW-Authenticate"]


@pytest.mark.parametrize(("method", "address", "scope"), OPERATIONS)
def test_the_named_scope_is_enough(
    method: str, address: str, scope: str, make_key: Callable[..., str]
) -> None:
    response = call(method, address, f"Bearer {make_key(scope)}")
    assert response.status_code not in (401, 403)


def test_a_revoked_key_is_refused(make_key: Callable[..., str]) -> None:
    key = make_key()
    assert call("GET", "/api/v1/events/parked", f"Bearer {key}").status_code == 200
    keys.revoke_key(prefix=key[:12], now=NOW, actor="test")
    assert call("GET", "/api/v1/events/parked", f"Bearer {key}").status_code == 401


@override_settings(API_KEY_CACHE_SECONDS=0.0)
def test_a_key_revoked_by_another_process_is_refused_once_the_cache_expires(
    make_key: Callable[..., str],
) -> None:
    key = make_key()
    assert keys.find_sender(key) is not None
    ApiKey.objects.update(revoked_at=NOW)
    assert keys.find_sender(key) is None


def ask(key: str, **meta: str) -> Any:
    return Client(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/events/parked", **meta)


def test_a_revoked_key_gets_the_time_of_revocation(make_key: Callable[..., str]) -> None:
    key = make_key()
    keys.revoke_key(prefix=key[:12], now=NOW, actor="test")
    problem = ask(key).json()
    assert problem["type"] == "/api/problems/revoked-api-key"
    assert problem["revoked_at"] == "2026-03-01T12:00:00Z"


def test_a_cached_key_expires_too(make_key: Callable[..., str]) -> None:
    key = make_key(expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert ask(key).status_code == 200
    with pytest.raises(ApiKeyExpired):
        keys.recognize_key(key, now=datetime(2999, 1, 1, tzinfo=UTC))
    ApiKey.objects.update(expires_at=NOW)
    keys._remembered.clear()
    response = ask(key)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].endswith('error="invalid_token"')
    assert response.json()["type"] == "/api/problems/expired-api-key"
    assert response.json()["expired_at"] == "2026-03-01T12:00:00Z"


@override_settings(API_MAX_REFUSED_KEYS=2)
def test_an_address_that_sends_many_refused_keys_is_throttled(
    make_key: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    key, fresh = make_key(), make_key()
    assert ask(key).status_code == 200
    assert [ask("assay_guess").status_code for _ in range(3)] == [401, 401, 429]
    held_off = ask(fresh)
    assert held_off.status_code == 429
    assert 1 <= int(held_off["Retry-After"]) <= 60
    assert held_off.json()["type"] == "/api/problems/too-many-refused-keys"
    assert ask(key).status_code == 200, "a recently valid key is accepted"
    assert ask(fresh, REMOTE_ADDR="192.0.2.7").status_code == 200, "other addresses are accepted"
    lines = [record for record in caplog.records if record.name == "scoring.api.keys.authentication"]
    assert [record.address for record in lines] == ["127.0.0.1", "127.0.0.1"]
    assert "assay_guess" not in caplog.text


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        ([], "192.0.2.7", 200),
        (["192.0.2.0/24"], "192.0.2.7", 200),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", 200),
        (["10.0.0.0/8", "2001:db8::/32"], "2001:db8::1", 200),
        (["192.0.2.0/24"], "192.0.3.7", 403),
        (["10.0.0.0/8", "2001:db8::/32"], "192.0.2.7", 403),
        (["192.0.2.0/24"], "", 403),
    ],
)
def test_a_key_bound_to_networks_works_only_from_their_addresses(
    make_key: Callable[..., str], networks: list[str], address: str, status: int
) -> None:
    response = ask(make_key(networks=networks), REMOTE_ADDR=address)
    assert response.status_code == status
    if status == 403:
        assert response.json()["type"] == "/api/problems/address-not-allowed"


@override_settings(BEHIND_PROXY=True)
def test_behind_a_proxy_the_address_is_the_one_the_proxy_added(make_key: Callable[..., str]) -> None:
    key = make_key(networks=["192.0.2.0/24"])
    assert ask(key, HTTP_X_FORWARDED_FOR="198.51.100.1, 192.0.2.7").status_code == 200
    assert ask(key, HTTP_X_FORWARDED_FOR="192.0.2.7, 198.51.100.1").status_code == 403


@override_settings(BEHIND_PROXY=True)
@pytest.mark.parametrize(
    "forwarded", [{}, *({"HTTP_X_FORWARDED_FOR": text} for text in ("unknown", "10.0.0.9,"))]
)
def test_a_key_bound_to_the_proxys_network_is_refused_to_unknown_clients(
    make_key: Callable[..., str], forwarded: dict[str, str]
) -> None:
    response = ask(make_key(networks=["10.0.0.0/8"]), REMOTE_ADDR="10.0.0.2", **forwarded)
    assert response.status_code == 403
    assert response.json()["detail"].endswith("(unknown)")


@override_settings(BEHIND_PROXY=True, API_MAX_REFUSED_KEYS=2)
def test_refused_keys_from_unknown_addresses_are_counted_together(make_key: Callable[..., str]) -> None:
    for text in ("unknown", "_hidden"):
        assert ask("assay_guess", HTTP_X_FORWARDED_FOR=text).status_code == 401
    assert ask("assay_guess", HTTP_X_FORWARDED_FOR="elsewhere").status_code == 429
    assert ask(make_key(), HTTP_X_FORWARDED_FOR="192.0.2.7").status_code == 200, "known addresses go on"


def test_without_a_proxy_clients_cannot_choose_their_address(make_key: Callable[..., str]) -> None:
    key = make_key(networks=["192.0.2.0/24"])
    assert ask(key, HTTP_X_FORWARDED_FOR="192.0.2.7").status_code == 403


def test_a_key_for_one_event_type_cannot_use_others(api: Api, api_with: Callable[..., Api]) -> None:
    api.post("events", payment_payload(1))
    refunds = api_with(event_types=["refund"])
    label = {"event_type": "payment", "event_id": "T-1", "label": "fraud", "source": "chargeback"}
    answers = [
        refunds.post("events", payment_payload(2)),
        refunds.post("labels", label),
        refunds.get("events/payment/T-1"),
    ]
    for answer in answers:
        assert answer.status_code == 403
        assert answer.json()["type"] == "/api/problems/event-type-not-allowed"
        assert answer.json()["allowed"] == ["refund"]
    api.post("labels", label | {"event_id": "T-9"})
    assert refunds.get("labels/held").json()["results"] == []
    assert len(api.get("labels/held").json()["results"]) == 1


def test_the_last_use_is_written_at_most_once_a_minute(
    make_key: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key()
    monkeypatch.setattr("scoring.api.keys.issue.settings.API_KEY_CACHE_SECONDS", 0.0)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            assert ask(key).status_code == 200
    writes = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert len(writes) == 1
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    monkeypatch.setattr(key_use, "WRITE_EVERY_SECONDS", 0.0)
    ask(key)
    assert ApiKey.objects.get().last_used_at > first


def test_a_refused_key_is_not_used(make_key: Callable[..., str]) -> None:
    key = make_key()
    ApiKey.objects.update(expires_at=NOW)
    ask(key)
    assert ApiKey.objects.get().last_used_at is None


def test_the_restrictions_of_a_key_are_in_the_log(make_key: Callable[..., str]) -> None:
    key = make_key(
        "labels:write",
        label_sources=["customer", "Acme", "Charge-back"],
        event_types=["payment"],
        networks=["192.0.2.9/24"],
        expires_at=datetime(2999, 1, 1, tzinfo=UTC),
    )
    (created,) = read_stream(f"api_key/{key[:12]}")
    assert created.data == {
        "prefix": key[:12],
        "name": "test",
        "source": "shop",
        "scopes": ["labels:write"],
        "label_sources": ["chargeback", "customer", "acme"],
        "event_types": ["payment"],
        "networks": ["192.0.2.0/24"],
        "expires_at": "2999-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("source", "scopes", "stated"),
    [("shop", ["labels:write"], ["shop"]), ("review", ["labels:write"], []), ("shop", ["events:read"], [])],
)
def test_a_key_without_label_sources_states_only_its_own_name(
    db: None, source: str, scopes: list[str], stated: list[str]
) -> None:
    row, _ = keys.create_key(name="x", source=source, scopes=scopes, now=NOW, actor="test")
    assert row.label_sources == stated


def test_a_key_takes_one_query_and_then_none(
    make_key: Callable[..., str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key = make_key()
    with django_assert_num_queries(1):
        first = keys.find_sender(key)
    with django_assert_num_queries(0):
        assert keys.find_sender(key) == first


def test_neither_table_nor_log_holds_the_key(make_key: Callable[..., str]) -> None:
    key = make_key("events:write")
    row = ApiKey.objects.get()
    (created,) = read_stream(f"api_key/{row.prefix}")
    assert created.type == "api_key.created"
    assert created.data == {
        "prefix": key[:12],
        "name": "test",
        "source": "shop",
        "scopes": ["events:write"],
    }
    stored = str(ApiKey.objects.values().get()) + str(created)
    assert key not in stored
    assert key[12:] not in stored


def test_the_commands_print_the_key_once_and_are_audited(db: None) -> None:
    out, err = StringIO(), StringIO()
    call_command(
        "create_api_key", name="Shop", source="shop", scopes=["events:write"], stdout=out, stderr=err
    )
    key = out.getvalue().strip()
    assert len(key) == len("assay_") + 43
    assert key not in err.getvalue()
    assert keys.find_sender(key) is not None
    call_command("revoke_api_key", key[:12], stdout=StringIO())
    assert keys.find_sender(key) is None
    entries = read_stream(f"api_key/{key[:12]}")
    assert [entry.type for entry in entries] == ["api_key.created", "api_key.revoked"]
    assert all(entry.metadata["actor"].startswith("shell/") for entry in entries)
    with pytest.raises(CommandError, match="was revoked at"):
        call_command("revoke_api_key", key[:12], stdout=StringIO())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source": "sh/op"}, "source"),
        ({"source": ""}, "source"),
        ({"source": "Shop"}, "source"),
        ({"source": "assay"}, "source"),
        ({"scopes": ["events"]}, "scope"),
        ({"scopes": []}, "scope"),
        ({"name": ""}, "name"),
        ({"scopes": ["labels:write"], "label_sources": ["Review"]}, "label source"),
        ({"scopes": ["labels:write"], "label_sources": [""]}, "label source"),
        ({"scopes": ["labels:write"], "label_sources": [f"s{n}" for n in range(21)]}, "label source"),
        ({"label_sources": ["chargeback"]}, "label source"),
        ({"event_types": ["parcel"]}, "event type"),
        ({"networks": ["shop.example"]}, "client address"),
        ({"networks": ["10.0.0.0/33"]}, "client address"),
        ({"networks": [f"10.0.0.{n}" for n in range(21)]}, "client address"),
        ({"expires_in_days": 0}, "expires-in-days"),
        ({"expires_in_days": 10**9}, "expires-in-days"),
    ],
)
def test_an_invalid_key_request_is_refused(db: None, changes: dict[str, object], field: str) -> None:
    wanted = {"name": "Shop", "source": "shop", "scopes": ["events:write"]} | changes
    with pytest.raises(CommandError, match=field):
        call_command("create_api_key", **wanted, stdout=StringIO())
    assert not ApiKey.objects.exists()


def test_one_sender_does_not_see_the_events_of_another(api_with: Callable[..., Api]) -> None:
    shop, other = api_with(source="shop"), api_with(source="other")
    assert shop.post("events", payment_payload(1)).status_code == 202
    assert shop.get("events/payment/T-1").status_code == 200
    assert other.get("events/payment/T-1").status_code == 404
    assert other.post("events", payment_payload(1, amount="99")).status_code == 202
