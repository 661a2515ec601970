"""Where webhooks may go, and how they are signed."""

import base64
import hashlib
import hmac
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.webhooks.errors import DeliveryFailed, WebhookRefused
from scoring.webhooks.posting import (
    check_url,
    host_of,
    is_public,
    new_secret,
    resolve,
    signature_headers,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://hooks.example.org/a", "not a URL"),
        ("hooks.example.org", "not a URL"),
        ("https://", "not a URL"),
        ("https://[", "not a URL"),
        ("https://hooks.example.org:0/", "not a URL"),
        ("http://hooks.example.org/a", "must begin with https://"),
        ("https://user:pass@hooks.example.org/a", "user or password"),
    ],
)
def test_what_is_no_webhook_is_refused(url: str, reason: str) -> None:
    with pytest.raises(WebhookRefused, match=reason):
        check_url(url)


def test_an_error_never_shows_the_path_which_may_be_a_secret() -> None:
    with pytest.raises(WebhookRefused) as refused:
        check_url("http://hooks.example.org/services/T0/SECRET")
    assert "SECRET" not in str(refused.value)
    assert host_of("https://hooks.example.org/services/T0/SECRET") == "hooks.example.org"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),  # the metadata of cloud machines
        ("0.0.0.0", False),  # noqa: S104 (an address that is refused)
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:0001::1", False),  # 6to4 of 127.0.0.1
    ],
)
def test_only_addresses_of_the_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def has_addresses(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr("scoring.webhooks.posting.socket.getaddrinfo", found)


def test_a_host_is_resolved_once_and_connected_to_by_that_address(monkeypatch: pytest.MonkeyPatch) -> None:
    has_addresses(monkeypatch, "93.184.215.14")
    target = resolve("https://hooks.example.org/a?b=1")
    assert (target.address, target.host, target.port, target.path) == (
        *("93.184.215.14", "hooks.example.org"),
        *(443, "/a?b=1"),
    )


def test_a_host_with_any_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    has_addresses(monkeypatch, "93.184.215.14", "10.0.0.7")
    with pytest.raises(WebhookRefused, match=r"10\.0\.0\.7 is not public"):
        resolve("https://hooks.example.org/a")
    settings.WEBHOOK_PRIVATE_HOSTS = ["hooks.example.org"]
    assert resolve("http://hooks.example.org/a").port == 80


def test_a_host_without_an_address_may_have_one_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr("scoring.webhooks.posting.socket.getaddrinfo", fails)
    with pytest.raises(DeliveryFailed) as failed:
        resolve("https://hooks.example.org/a")
    assert not failed.value.final


def test_a_receiver_can_check_the_signature() -> None:
    secret, body = new_secret(), b'{"a":1}'
    headers = signature_headers(secret, message="msg_1", body=body, now=NOW)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == "1772366400"
    assert new_secret() != secret


def test_the_signature_is_that_of_the_published_example() -> None:
    headers = signature_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
