from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from scoring.api import keys
from scoring.api.models import ApiKey
from scoring.log.read import read_stream
from tests.integration.api.conftest import Api

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
# (method, address, scope): every operation of the API.
OPERATIONS = [
    ("POST", "/api/v1/events", "events:write"),
    ("GET", "/api/v1/events/payment/T-1", "events:read"),
    ("GET", "/api/v1/events/parked", "events:read"),
    ("POST", "/api/v1/labels", "labels:write"),
    ("GET", "/api/v1/labels/held", "labels:read"),
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
def test_without_a_valid_key_every_operation_is_closed(
    method: str, address: str, scope: str, authorization: str, slug: str
) -> None:
    response = call(method, address, authorization)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith('Bearer realm="assay"')
    assert response.json()["type"] == f"/api/problems/{slug}"


@pytest.mark.parametrize(("method", "address", "scope"), OPERATIONS)
def test_a_key_without_the_scope_is_told_which_it_needs(
    method: str, address: str, scope: str, make_key: Callable[..., str]
) -> None:
    others = [name for name in keys.SCOPES if name != scope]
    response = call(method, address, f"Bearer {make_key(*others)}")
    assert response.status_code == 403
    assert response.json()["scope"] == scope
    assert f'scope="{scope}"' in response["WWW-Authenticate"]


@pytest.mark.parametrize(("method", "address", "scope"), OPERATIONS)
def test_the_one_scope_that_is_named_is_enough(
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
def test_a_key_revoked_by_another_process_is_refused_when_the_memory_has_faded(
    make_key: Callable[..., str],
) -> None:
    key = make_key()
    assert keys.find_sender(key) is not None
    ApiKey.objects.update(revoked_at=NOW)
    assert keys.find_sender(key) is None


def test_a_key_costs_one_query_and_then_none(
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
        ({"scopes": ["events"]}, "scope"),
        ({"scopes": []}, "scope"),
        ({"name": ""}, "name"),
    ],
)
def test_an_impossible_key_is_not_made(db: None, changes: dict[str, object], field: str) -> None:
    wanted = {"name": "Shop", "source": "shop", "scopes": ["events:write"]} | changes
    with pytest.raises(CommandError, match=field):
        call_command("create_api_key", **wanted, stdout=StringIO())
    assert not ApiKey.objects.exists()


def test_one_sender_does_not_see_the_events_of_another(api_with: Callable[..., Api]) -> None:
    from tests.factories.payments import payment_payload

    shop, other = api_with(source="shop"), api_with(source="other")
    assert shop.post("events", payment_payload(1)).status_code == 202
    assert shop.get("events/payment/T-1").status_code == 200
    assert other.get("events/payment/T-1").status_code == 404
    assert other.post("events", payment_payload(1, amount="99")).status_code == 202
