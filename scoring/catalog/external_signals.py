"""External signals: values that a service of the user's own gives for an event when it is received.

This module declares them; `scoring.intake.external` fetches them. What was fetched is logged in the receipt,
so that replay and training need no network.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from scoring.catalog.currency import decimal_text
from scoring.catalog.fields import Canonical, Category, Field, Flag, Number
from scoring.declare import FetchedSignal, Operand, Origin, Signal, part_of_vocabulary

part_of_vocabulary(__name__)

_SPAN = re.compile(r"([1-9][0-9]*)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
MAX_TIMEOUT = 0.5  # seconds: the sender waits for its decision meanwhile
MAX_CACHE = 86_400.0
_HEADER = re.compile(r"[A-Za-z0-9-]+")


class ExternalSignal(Operand):
    """A number, flag or category fetched by HTTP: `POST url` with the values of `send` as a JSON object.

    The service answers with a JSON object, of which the member `answer` (by default the signal's name) is the
    value; null, no such member, 204 and 404 mean that it knows nothing. `gives`: the field that checks the
    value. `timeout`: how long an event waits at most. `cache`: how long an answer holds for equal values.
    `secret`: the name of a secret of the installation, sent as a bearer token, or as it is in `header`.
    """

    def __init__(
        self,
        *,
        url: str,
        send: tuple[Field, ...],
        gives: Number | Category | Flag,
        answer: str = "",
        timeout: str = "100ms",
        cache: str = "10m",
        secret: str = "",
        header: str = "",
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        self.name = ""
        self.origin = Origin.here()
        self.url, self.gives = url, gives
        self.send = tuple(send) if isinstance(send, (tuple, list)) else (send,)
        self.verbose_name, self.help = verbose_name, help
        self.secret, self.header = secret, header
        self._answer = answer
        self.timeout = self._seconds("timeout", timeout, MAX_TIMEOUT)
        self.cache = self._seconds("cache", cache, MAX_CACHE)
        self._check()

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __repr__(self) -> str:
        return f"ExternalSignal({self.name!r})"

    def expression(self) -> FetchedSignal:
        return FetchedSignal(self)

    @property
    def kind(self) -> str:
        return "external"

    @property
    def value_unit(self) -> str:
        return self.gives.value_unit

    @property
    def answer(self) -> str:
        """The member of the service's answer that is the value."""
        return self._answer or self.name

    @property
    def signal(self) -> Signal:
        """What it is as a signal of its event type."""
        named = self.verbose_name or self.name.replace("_", " ")
        return Signal(
            self.name,
            named,
            self.value_unit,
            values=self.gives.values if isinstance(self.gives, Category) else (),
            about=f"{named}, fetched from {urlsplit(self.url).hostname}",
        )

    @property
    def is_encrypted_or_local(self) -> bool:
        """Whether what is sent stays on this machine or is encrypted on its way."""
        parts = urlsplit(self.url)
        return parts.scheme == "https" or _is_loopback(parts.hostname or "")

    def body(self, fields: Mapping[str, Canonical]) -> dict[str, Any] | None:
        """What is sent for an event with these canonical values; None if it has none of them."""
        sent = {field.name: _as_sent(fields.get(field.name)) for field in self.send}
        return None if all(value is None for value in sent.values()) else sent

    def _seconds(self, option: str, text: str, most: float) -> float:
        match = _SPAN.fullmatch(text) if isinstance(text, str) else None
        seconds = int(match[1]) * _SECONDS[match[2]] if match else 0.0
        if not 0 < seconds <= most:
            raise self.origin.error(
                f"{option}={text!r} is not a length of time of at most {_span_text(most)};"
                " write for example '80ms', '2s' or '10m'"
            )
        return seconds

    def _check(self) -> None:
        """Raises CatalogError for mistakes that show without the rest of the catalog."""
        parts = urlsplit(self.url) if isinstance(self.url, str) else urlsplit("")
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment:
            raise self.origin.error(
                f"url={self.url!r} is not an https:// address without a user name and #;"
                " name secrets in secret="
            )
        if not self.send or not all(isinstance(field, Field) for field in self.send):
            raise self.origin.error("send= names one or more fields of the event type: send=(device, ip)")
        if type(self.gives) not in (Number, Category, Flag) or self.gives.personal:
            raise self.origin.error("gives= is a Number(), Category() or Flag() that is not personal")
        if self.secret and not self.secret.isidentifier():
            problem = f"secret={self.secret!r} cannot name a secret; use letters, digits and _"
            raise self.origin.error(problem)
        if self.header and not (self.secret and _HEADER.fullmatch(self.header)):
            raise self.origin.error(
                f"header={self.header!r} is not a header for secret=, such as 'X-Api-Key'"
            )


def _as_sent(value: Canonical) -> Any:
    """A canonical value as services read it: amounts as decimal text with their currency."""
    if isinstance(value, dict):
        return {"amount": decimal_text(value["minor"], value["currency"]), "currency": value["currency"]}
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _span_text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds / 3600:.0f} h"
