"""Create, revoke and look up API keys. A key is shown once and never stored."""

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from scoring.api.keys.addresses import Network, read_network
from scoring.api.keys.errors import (
    ApiKeyAlreadyRevoked,
    ApiKeyExpired,
    ApiKeyNotFound,
    ApiKeyRefused,
    ApiKeyRevoked,
    ApiKeyUnknown,
    EventTypeNotAllowed,
    LabelSourceNotAllowed,
)
from scoring.api.keys.requests import KeyRequest, check_request
from scoring.api.keys.use import note_use
from scoring.api.models import ApiKey
from scoring.intake.label_sources import PEOPLE
from scoring.log.append import append
from scoring.log.entries import NewEntry

PREFIX_LENGTH = 12  # "assay_" and 6 characters: enough to recognize a key, 214 bits short of the key
MAX_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Sender:
    """The holder of an API key, with the permissions of the key."""

    prefix: str
    name: str
    source: str
    scopes: frozenset[str]
    label_sources: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()  # empty: every type
    networks: tuple[Network, ...] = ()  # empty: every address
    expires_at: datetime | None = None
    # What its events get at least until their media are processed; None: as their type says.
    media_pending_outcome: str | None = None

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def actor(self) -> str:
        """How the log names this sender."""
        return f"api_key/{self.prefix}"

    def check_event_type(self, name: str) -> None:
        """Raises EventTypeNotAllowed."""
        if self.event_types and name not in self.event_types:
            raise EventTypeNotAllowed(event_type=name, allowed=self.event_types)

    def check_label_source(self, name: str) -> None:
        """Raises LabelSourceNotAllowed for a source (in canonical spelling) that the key may not state."""
        if name not in self.label_sources or name == PEOPLE:
            raise LabelSourceNotAllowed(source=name, allowed=self.label_sources, people_only=name == PEOPLE)


def create_key(
    *,
    name: str,
    source: str,
    scopes: Sequence[str],
    now: datetime,
    actor: str,
    label_sources: Sequence[str] | None = None,
    event_types: Sequence[str] = (),
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
    media_pending_outcome: str | None = None,
) -> tuple[ApiKey, str]:
    """Create a key of 256 random bits; returns its row and the key, which is stored nowhere.

    See `KeyRequest` for the arguments. Raises `InvalidKeyRequest`, which names the invalid field.
    """
    wanted = check_request(
        KeyRequest(
            name,
            source,
            scopes,
            label_sources,
            event_types,
            networks,
            expires_at,
            media_pending_outcome,
        ),
        now=now,
    )
    key = f"assay_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        digest=digest_of_key(key),
        prefix=key[:PREFIX_LENGTH],
        name=wanted.name,
        source=wanted.source,
        scopes=wanted.scopes,
        label_sources=wanted.label_sources,
        event_types=wanted.event_types,
        networks=wanted.networks,
        expires_at=wanted.expires_at,
        media_pending_outcome=wanted.media_pending_outcome,
        created_at=now,
    )
    data = {"prefix": row.prefix, **wanted.described()}
    with transaction.atomic():
        append([key_entry("api_key.created", row.prefix, version=0, data=data, actor=actor)], now=now)
        row.save(force_insert=True)
    return row, key


def revoke_key(*, prefix: str, now: datetime, actor: str) -> ApiKey:
    """Revoke a key; other processes may accept it for another `API_KEY_CACHE_SECONDS`.

    Raises `ApiKeyNotFound`, `ApiKeyAlreadyRevoked`.
    """
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().filter(prefix=prefix).first()
        if row is None:
            raise ApiKeyNotFound(prefix)
        if row.revoked_at:
            raise ApiKeyAlreadyRevoked(prefix, row.revoked_at)
        data = {"prefix": prefix, "name": row.name, "source": row.source}
        append([key_entry("api_key.revoked", prefix, version=1, data=data, actor=actor)], now=now)
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
    _remembered.pop(row.digest, None)
    return row


def key_entry(type: str, prefix: str, *, version: int, data: Mapping[str, object], actor: str) -> NewEntry:
    return NewEntry(
        stream=f"api_key/{prefix}", expected_version=version, type=type, data=data, metadata={"actor": actor}
    )


def digest_of_key(key: str) -> str:
    """SHA-256 in hex. A key has 256 random bits, so guessing is hopeless without a slower hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_sender(key: str) -> Sender | None:
    """The sender with this key; None if there is none or the key is no longer valid."""
    try:
        return recognize_key(key, now=timezone.now())
    except ApiKeyRefused:
        return None


def recognize_key(key: str, *, now: datetime) -> Sender:
    """The holder of `key`. Raises ApiKeyUnknown, ApiKeyExpired, ApiKeyRevoked.

    One query by primary key, or none for a key seen less than `API_KEY_CACHE_SECONDS` ago.
    """
    digest = digest_of_key(key)
    until, sender = _remembered.get(digest, (0.0, None))
    looked_up = sender is None or time.monotonic() >= until
    if sender is None or looked_up:
        sender = _read_sender(digest)
    if sender.expires_at and sender.expires_at <= now:
        raise ApiKeyExpired(sender.prefix, sender.expires_at)
    if looked_up:
        _remember(digest, sender)
        note_use(digest)
    return sender


def was_valid(key: str) -> bool:
    """Whether this process found the key valid recently."""
    return digest_of_key(key) in _remembered


_remembered: dict[str, tuple[float, Sender]] = {}


def _read_sender(digest: str) -> Sender:
    row = ApiKey.objects.filter(digest=digest).first()
    if row is None:
        raise ApiKeyUnknown
    if row.revoked_at:
        _remembered.pop(digest, None)
        raise ApiKeyRevoked(row.prefix, row.revoked_at)
    return Sender(
        row.prefix,
        row.name,
        row.source,
        frozenset(row.scopes),
        tuple(row.label_sources),
        tuple(row.event_types),
        tuple(map(read_network, row.networks)),
        row.expires_at,
        row.media_pending_outcome,
    )


def _remember(digest: str, sender: Sender) -> None:
    if len(_remembered) >= MAX_REMEMBERED and digest not in _remembered:
        _remembered.clear()
    _remembered[digest] = (time.monotonic() + settings.API_KEY_CACHE_SECONDS, sender)
