"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence
from datetime import datetime

from scoring.errors import ScoringError
from scoring.timestamps import to_iso


class ApiKeyRefused(ScoringError):
    """The request carries no valid API key."""


class ApiKeyUnknown(ApiKeyRefused):
    """No API key with this digest exists."""

    def __init__(self) -> None:
        super().__init__("this API key does not exist")


class ApiKeyExpired(ApiKeyRefused):
    """The API key was valid until a time that has passed."""

    def __init__(self, prefix: str, expired_at: datetime) -> None:
        self.prefix, self.expired_at = prefix, expired_at
        super().__init__(f"the API key {prefix}... expired at {to_iso(expired_at)}: ask for a new one")


class ApiKeyRevoked(ApiKeyRefused):
    """The API key was revoked."""

    def __init__(self, prefix: str, revoked_at: datetime) -> None:
        self.prefix, self.revoked_at = prefix, revoked_at
        super().__init__(f"the API key {prefix}... was revoked at {to_iso(revoked_at)}: ask for a new one")


class TooManyRefusedKeys(ScoringError):
    """Too many refused keys came from one address; no more are looked up for `wait` seconds."""

    def __init__(self, *, wait: int) -> None:
        self.wait = wait
        super().__init__(f"too many refused API keys came from this address: try again in {wait} s")


class AddressNotAllowed(ScoringError):
    """The API key is bound to networks, and the client's address is in none of them."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"this API key may not be used from the address {address or '(unknown)'}")


class EventTypeNotAllowed(ScoringError):
    """The API key is bound to other event types."""

    def __init__(self, *, event_type: str, allowed: Sequence[str]) -> None:
        self.event_type, self.allowed = event_type, tuple(allowed)
        super().__init__(
            f"this API key may not send or read {event_type} events; allowed: {', '.join(self.allowed)}"
        )


class LabelSourceNotAllowed(ScoringError):
    """The API key does not include this label source."""

    def __init__(self, *, source: str, allowed: Sequence[str], people_only: bool = False) -> None:
        self.source, self.allowed = source, tuple(allowed)
        reason = ", which is reserved for verdicts in the review queue" if people_only else ""
        super().__init__(
            f"this API key may not record labels of the source {source!r}{reason};"
            f" allowed: {', '.join(self.allowed) or 'none'}"
        )


class MissingScope(ScoringError):
    """The API key lacks the required `scope`."""

    def __init__(self, *, scope: str, held: Sequence[str]) -> None:
        self.scope, self.held = scope, tuple(held)
        super().__init__(f"this needs the scope {scope}; the key has {', '.join(self.held) or 'none'}")


class InvalidKeyRequest(ScoringError):
    """A requested API key has an invalid field, such as its source or a scope."""

    def __init__(self, *, field: str, value: str, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} {value!r} is not valid; allowed: {allowed}")


class ApiKeyNotFound(ScoringError):
    """No API key has this prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(f"no API key begins with {prefix!r}")


class ApiKeyAlreadyRevoked(ScoringError):
    """The API key was revoked before."""

    def __init__(self, prefix: str, revoked_at: datetime) -> None:
        self.prefix, self.revoked_at = prefix, revoked_at
        super().__init__(f"the API key {prefix} was revoked at {to_iso(revoked_at)}")
