"""Sends webhooks: to public addresses only, signed as Standard Webhooks are, without redirects.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError

from scoring.webhooks.errors import DeliveryFailed, WebhookRefused

SECRET_PREFIX, SECRET_BYTES = "whsec_", 32
TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 2_000
GONE = 410


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes: the URL's parts, and the address that its host has."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


def new_secret() -> str:
    """A secret for signatures, as Standard Webhooks writes them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_headers(secret: str, *, message: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers by which a receiver checks a body: HMAC-SHA256 of "{id}.{seconds}.{body}".

    >>> from datetime import UTC
    >>> signature_headers(
    ...     "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ...     message="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...     body=b'{"test": 2432232314}',
    ...     now=datetime.fromtimestamp(1614265330, UTC),
    ... )["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    seconds = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.digest(key, f"{message}.{seconds}.".encode() + body, "sha256")
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def check_secret(secret: str) -> bool:
    """Whether a secret can sign: whsec_ and the Base64 text of at least 24 bytes."""
    try:
        return secret.startswith(SECRET_PREFIX) and (
            len(base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)) >= 24
        )
    except (binascii.Error, ValueError):
        return False


def host_of(url: str) -> str:
    """The host of a URL, "" without one. The rest may be a secret, as it is for Slack."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def check_url(url: str) -> None:
    """Refuse what cannot be a webhook, without asking for addresses. Raises WebhookRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise WebhookRefused("", "it is not a URL such as https://hooks.example.org/assay") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise WebhookRefused(host, "it is not a URL such as https://hooks.example.org/assay")
    if parts.username or parts.password:
        raise WebhookRefused(host, "the URL must not have a user or password")
    if parts.scheme == "http" and host not in settings.WEBHOOK_PRIVATE_HOSTS:
        raise WebhookRefused(host, "the URL must begin with https://, except for ASSAY_WEBHOOK_PRIVATE_HOSTS")


def resolve(url: str) -> Target:
    """The target of a URL; the connection is made to the address that was checked.

    Raises WebhookRefused for a host with a private address that ASSAY_WEBHOOK_PRIVATE_HOSTS does not name:
    this server must not be a way to internal services. Raises DeliveryFailed if the host has no address.
    """
    check_url(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed(f"the host {host} has no address") from error
    addresses = [str(each[4][0]) for each in found]
    if host not in settings.WEBHOOK_PRIVATE_HOSTS:
        for address in addresses:
            if not is_public(address):
                raise WebhookRefused(host, f"its address {address} is not public")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, addresses[0])


def is_public(address: str) -> bool:
    """Whether an address is reached over the internet, also if it is an IPv4 address written as IPv6.

    >>> [is_public(each) for each in ("93.184.215.14", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254")]
    [True, False, False, False]
    """
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    return parsed.is_global and not parsed.is_multicast and (mapped is None or is_public(str(mapped)))


def post(
    url: str,
    body: Mapping[str, Any],
    *,
    secret: str,
    message: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> int:
    """Send a body as JSON, signed if there is a secret; returns the status. `headers`: further ones.

    Raises WebhookRefused, DeliveryFailed.
    """
    target, content = resolve(url), orjson.dumps(body)
    signed = signature_headers(secret, message=message, body=content, now=now) if secret else {}
    default_port = {"https": 443, "http": 80}[target.scheme]
    host = target.host if target.port == default_port else f"{target.host}:{target.port}"
    sent = {"Host": host, "Content-Type": "application/json", "User-Agent": "assay", **signed}
    with _pool(target) as pool:
        try:
            response = pool.urlopen(
                "POST",
                target.path,
                body=content,
                headers={**(headers or {}), **sent},
                redirect=False,
                preload_content=False,
            )
            said = response.read(MAX_ANSWER_BYTES, decode_content=False)
            response.close()
        except (HTTPError, OSError) as error:
            raise DeliveryFailed(f"{target.host} did not answer: {_cause(error)}") from error
    if not 200 <= response.status < 300:
        text = " ".join(said.decode(errors="replace").split())[:200]
        answered = f"{target.host} answered {response.status}{f': {text}' if text else ''}"
        raise DeliveryFailed(answered, final=response.status == GONE, status=response.status)
    return int(response.status)


def _pool(target: Target) -> urllib3.HTTPConnectionPool:
    """Connections to the checked address; TLS checks the certificate of the host."""
    timeout = urllib3.Timeout(total=TIMEOUT_SECONDS)
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(target.address, target.port, timeout=timeout, retries=False)
    return urllib3.HTTPSConnectionPool(
        target.address,
        target.port,
        timeout=timeout,
        retries=False,
        ssl_context=ssl.create_default_context(),
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _cause(error: Exception) -> str:
    """The kind of an error; its text would name addresses and paths, which may be secrets."""
    return type(error).__name__
