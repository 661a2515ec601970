"""Requests for new API keys, validated before a key is created."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from scoring.api.keys.addresses import read_network
from scoring.api.keys.errors import InvalidKeyRequest
from scoring.catalog.errors import FieldError
from scoring.catalog.fields import clean_identifier
from scoring.catalog.registry import event_types
from scoring.intake.label_sources import MAX_SOURCE_LENGTH, PEOPLE, PRECEDENCE, canonical_source
from scoring.intake.senders import OWN_SOURCE
from scoring.timestamps import to_iso

SCOPES = {
    "events:write": "submit, correct and retract events",
    "events:read": "read events and their decisions",
    "explanations:read": "read everything behind a decision: rules, lists, contributions, log entries",
    "simulations:run": "decide events without recording them, and read what each stage did",
    "labels:write": "record or retract labels",
    "labels:read": "read labels whose event has not arrived yet",
    "monitoring:read": "read the drift of models and firing alerts",
}
SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
MAX_NAME_LENGTH = 100
TOLD = ("scopes", "media_pending_outcome")  # also when empty, which says something
MAX_LABEL_SOURCES = MAX_NETWORKS = 20

# The label sources of keys: people state the rest, signed in.
FOR_KEYS = tuple(name for name in PRECEDENCE if name != PEOPLE)


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A requested key. `label_sources` None: the sender's own name, if it may write labels.

    Empty `event_types` and `networks` mean no restriction; without `expires_at` the key is valid until
    revoked. `media_pending_outcome`: what its events get at least until their media are processed, "" for
    nothing; None: as their type says.
    """

    name: str
    source: str
    scopes: Sequence[str]
    label_sources: Sequence[str] | None = None
    event_types: Sequence[str] = ()
    networks: Sequence[str] = ()
    expires_at: datetime | None = None
    media_pending_outcome: str | None = None

    def described(self) -> dict[str, Any]:
        """The log entry's data, except the prefix; unrestricted fields are left out."""
        values = asdict(self) | {"expires_at": self.expires_at and to_iso(self.expires_at)}
        told = {name: value for name, value in values.items() if value is not None}
        return {name: value for name, value in told.items() if value or name in TOLD}


def check_request(request: KeyRequest, *, now: datetime) -> KeyRequest:
    """The request in canonical form. Raises `InvalidKeyRequest`, which names the first invalid field."""
    _refuse("name", request.name, not 1 <= len(request.name) <= MAX_NAME_LENGTH, "1 to 100 characters")
    allowed = "1 to 60 of a-z 0-9 _ . - with a letter or digit first"
    _refuse("source", request.source, not SOURCE.fullmatch(request.source), allowed)
    _refuse("source", request.source, request.source == OWN_SOURCE, f"another: {OWN_SOURCE} is reserved")
    for scope in request.scopes or [""]:
        _refuse("scope", scope, scope not in SCOPES, ", ".join(SCOPES))
    for name in request.event_types:
        _refuse("event type", name, name not in event_types(), ", ".join(event_types()))
    if request.media_pending_outcome is not None:
        outcomes = sorted({outcome for kind in event_types().values() for outcome in kind.outcomes})
        given = request.media_pending_outcome
        _refuse("outcome", given, given not in ("", *outcomes), f"empty, or one of {', '.join(outcomes)}")
    if request.expires_at is not None:
        text = to_iso(request.expires_at)
        _refuse("expiry", text, request.expires_at <= now, f"a time after {to_iso(now)}")
    return replace(
        request,
        scopes=sorted(set(request.scopes)),
        label_sources=_label_sources(request),
        event_types=sorted(set(request.event_types)),
        networks=_networks(request.networks),
    )


def _label_sources(request: KeyRequest) -> list[str]:
    """The sources in canonical spelling, ranked ones first."""
    given = request.label_sources
    if "labels:write" not in request.scopes:
        _refuse(
            "label source", next(iter(given or ()), ""), bool(given), "none without the scope labels:write"
        )
        return []
    if given is None:  # its own name, which outranks no other
        given = [request.source] if canonical_source(request.source) not in PRECEDENCE else []
    names = {_label_source(name) for name in given}
    _refuse(
        "label source",
        f"{len(names)} of them",
        len(names) > MAX_LABEL_SOURCES,
        f"at most {MAX_LABEL_SOURCES}",
    )
    return [name for name in FOR_KEYS if name in names] + sorted(names - set(FOR_KEYS))


def _label_source(name: str) -> str:
    allowed = f"{', '.join(FOR_KEYS)} or a name of the sender's own; {PEOPLE} is reserved for verdicts"
    try:
        cleaned = canonical_source(clean_identifier(name, MAX_SOURCE_LENGTH))
    except FieldError:
        raise InvalidKeyRequest(field="label source", value=name[:100], allowed=allowed) from None
    _refuse("label source", name, cleaned == PEOPLE, allowed)
    return cleaned


def _networks(given: Sequence[str]) -> list[str]:
    _refuse("client address", f"{len(given)} of them", len(given) > MAX_NETWORKS, f"at most {MAX_NETWORKS}")
    networks = []
    for text in given:
        try:
            networks.append(str(read_network(text)))
        except ValueError:
            allowed = "an address or a network in CIDR notation, e.g. 192.0.2.0/24"
            raise InvalidKeyRequest(field="client address", value=text[:100], allowed=allowed) from None
    return sorted(set(networks))


def _refuse(field: str, value: str, wrong: bool, allowed: str) -> None:
    if wrong:
        raise InvalidKeyRequest(field=field, value=value[:100], allowed=allowed)
