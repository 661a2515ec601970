"""Asks one service over HTTP: pooled connections, no redirects, no proxies, a bounded answer."""

import ssl
import time
from collections.abc import Mapping
from typing import Any

import orjson
import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError, NewConnectionError, TimeoutError

from scoring.catalog.errors import FieldError
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Canonical
from scoring.intake.external import origins
from scoring.intake.external.origins import ServiceFailed

MAX_ANSWER_BYTES = 65_536
MAX_CONNECTIONS = 16  # per service and process
NOTHING_KNOWN = (204, 404)
_CHUNK = 8_192


class Service:
    """The address of an external signal, and how it is asked."""

    def __init__(self, signal: ExternalSignal) -> None:
        self.signal = signal
        self.refusal = _refusal(signal)  # why it is never asked, "" if it may be
        self._headers = _headers(signal)
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=MAX_CONNECTIONS,
            block=False,
            retries=False,
            ssl_context=ssl.create_default_context() if signal.url.startswith("https:") else None,
        )

    def ask(self, body: Mapping[str, Any]) -> Canonical | None:
        """The value for what is sent; None if the service knows nothing. Raises ServiceFailed."""
        until = time.monotonic() + self.signal.timeout
        try:
            response = self._pool.request(
                "POST",
                self.signal.url,
                body=orjson.dumps(body),
                headers=self._headers,
                timeout=urllib3.Timeout(total=self.signal.timeout),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError) as error:
            raise ServiceFailed(_cause_of(error)) from error
        return self._value_of(response, until)

    def _value_of(self, response: urllib3.BaseHTTPResponse, until: float) -> Canonical | None:
        content = _read(response, until)
        if response.status in NOTHING_KNOWN:
            return None
        if response.status != 200:
            raise ServiceFailed(origins.status_cause(response.status))
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise ServiceFailed(origins.NOT_JSON) from error
        if not isinstance(answer, dict):
            raise ServiceFailed(origins.INVALID)
        return parse_value(self.signal, answer.get(self.signal.answer))


def parse_value(signal: ExternalSignal, raw: object) -> Canonical | None:
    """The canonical value of a raw one; None for null. Raises ServiceFailed for one of another kind."""
    if raw is None:
        return None
    try:
        return signal.gives.parse(raw)
    except FieldError as error:
        raise ServiceFailed(origins.INVALID) from error


def _read(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The body. Gives the connection back only if it was read to its end. Raises ServiceFailed."""
    parts: list[bytes] = []
    size = 0
    try:
        while part := response.read1(_CHUNK):  # what has come; `read` would wait for a whole chunk
            size += len(part)
            parts.append(part)
            if size > MAX_ANSWER_BYTES:
                raise ServiceFailed(origins.TOO_LARGE)
            if time.monotonic() > until:
                raise ServiceFailed(origins.TIMEOUT)
    except (HTTPError, OSError) as error:
        response.close()
        raise ServiceFailed(_cause_of(error)) from error
    except ServiceFailed:
        response.close()
        raise
    response.release_conn()
    return b"".join(parts)


def _cause_of(error: HTTPError | OSError) -> str:
    """A refused connection counts as a time-out in urllib3, which it is not."""
    is_late = isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError)
    return origins.TIMEOUT if is_late else origins.CONNECTION


def _refusal(signal: ExternalSignal) -> str:
    if not (signal.is_encrypted_or_local or settings.EXTERNAL_SIGNALS_PLAIN_HTTP):
        return origins.NOT_ALLOWED
    if signal.secret and signal.secret not in settings.SIGNAL_SECRETS:
        return origins.NO_SECRET
    return ""


def _headers(signal: ExternalSignal) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "assay",
    }
    if secret := settings.SIGNAL_SECRETS.get(signal.secret, ""):
        name = signal.header or "Authorization"
        headers[name] = secret if signal.header else f"Bearer {secret}"
    return headers
