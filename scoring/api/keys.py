"""API keys: made, revoked and recognised. The key itself is shown once and never stored."""

import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from scoring.api.models import ApiKey
from scoring.errors import ApiKeyAlreadyRevoked, ApiKeyNotFound, InvalidKeyRequest
from scoring.log.append import append
from scoring.log.entries import NewEntry

SCOPES = {
    "events:write": "submit events",
    "events:read": "read events and their decisions",
    "labels:write": "say what turned out to be true of an event",
    "labels:read": "read labels that wait for their event",
}
PREFIX_LENGTH = 12  # "assay_" and 6 characters: enough to recognise a key by, 214 bits short of the key
SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a request speaks for: the holder of an API key."""

    prefix: str
    name: str
    source: str
    scopes: frozenset[str]

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def actor(self) -> str:
        """How the log names this sender."""
        return f"api_key/{self.prefix}"


def create_key(
    *, name: str, source: str, scopes: Sequence[str], now: datetime, actor: str
) -> tuple[ApiKey, str]:
    """Make a key of 256 random bits; returns its row and the key, which exists nowhere else.

    Raises `InvalidKeyRequest` for an unknown scope or a source that could not be part of a stream's name.
    """
    check_key_request(name=name, source=source, scopes=scopes)
    key = f"assay_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        digest=digest_of_key(key),
        prefix=key[:PREFIX_LENGTH],
        name=name,
        source=source,
        scopes=sorted(set(scopes)),
        created_at=now,
    )
    data = {"prefix": row.prefix, "name": name, "source": source, "scopes": row.scopes}
    with transaction.atomic():
        append([key_entry("api_key.created", row.prefix, version=0, data=data, actor=actor)], now=now)
        row.save(force_insert=True)
    return row, key


def revoke_key(*, prefix: str, now: datetime, actor: str) -> ApiKey:
    """Make a key invalid from now on; other processes may believe it for `API_KEY_CACHE_SECONDS` more.

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


def check_key_request(*, name: str, source: str, scopes: Sequence[str]) -> None:
    """Raise `InvalidKeyRequest` naming the first argument that cannot be."""
    if not 1 <= len(name) <= 100:
        raise InvalidKeyRequest(field="name", value=name, allowed="1 to 100 characters")
    if not SOURCE.fullmatch(source):
        raise InvalidKeyRequest(
            field="source", value=source, allowed="1 to 60 of a-z 0-9 _ . - with a letter or digit first"
        )
    for scope in scopes or [""]:
        if scope not in SCOPES:
            raise InvalidKeyRequest(field="scope", value=scope, allowed=", ".join(SCOPES))


def key_entry(type: str, prefix: str, *, version: int, data: Mapping[str, object], actor: str) -> NewEntry:
    return NewEntry(
        stream=f"api_key/{prefix}", expected_version=version, type=type, data=data, metadata={"actor": actor}
    )


def digest_of_key(key: str) -> str:
    """SHA-256 in hex. A key is 256 random bits: nothing slower is needed to make guessing hopeless."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_sender(key: str) -> Sender | None:
    """Who holds `key`; None if nobody does or it was revoked.

    One query by primary key, or none for a key seen less than `API_KEY_CACHE_SECONDS` ago.
    """
    digest = digest_of_key(key)
    until, sender = _remembered.get(digest, (0.0, None))
    if sender and time.monotonic() < until:
        return sender
    sender = _read_sender(digest)
    if sender:
        _remember(digest, sender)
    return sender


_remembered: dict[str, tuple[float, Sender]] = {}


def _read_sender(digest: str) -> Sender | None:
    row = ApiKey.objects.filter(digest=digest, revoked_at=None).first()
    return Sender(row.prefix, row.name, row.source, frozenset(row.scopes)) if row else None


def _remember(digest: str, sender: Sender) -> None:
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[digest] = (time.monotonic() + settings.API_KEY_CACHE_SECONDS, sender)
