"""Signed links by which an appeal is filed, and its outcome looked up, without an account.

A link is good for one appeal against the decision on one event, until a time. It holds nothing but the
event's stream, and making one takes the installation's secret key.
"""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core import signing

from reviews.appeals.errors import AppealLinkExpired, AppealLinkInvalid
from scoring.timestamps import from_iso, to_iso

SALT = "assay/appeal-link/1"
_ID_DIGITS = 24  # of a SHA-256 in hex: 96 bits


class AppealLink(NamedTuple):
    """A link to appeal against the decision on the event of `event_stream`; `token`: its part in the URL."""

    event_stream: str
    expires_at: datetime
    token: str

    @property
    def appeal_id(self) -> str:
        """The id of the appeal that this link files; always the same."""
        return f"link-{hashlib.sha256(self.token.encode()).hexdigest()[:_ID_DIGITS]}"


def make_link(event_stream: str, *, valid_for: timedelta, now: datetime) -> AppealLink:
    expires_at = now + valid_for
    token = signing.dumps({"event": event_stream, "until": to_iso(expires_at)}, salt=SALT, compress=True)
    return AppealLink(event_stream, expires_at, token)


def read_link(token: str, *, now: datetime) -> AppealLink:
    """The link of a token. Raises `AppealLinkInvalid`, `AppealLinkExpired`."""
    try:
        data = signing.loads(token, salt=SALT)
        link = AppealLink(data["event"], from_iso(data["until"]), token)
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise AppealLinkInvalid from None
    if now >= link.expires_at:
        raise AppealLinkExpired(link.expires_at)
    return link
