"""manage.py create_api_key --name "web shop" --source shop --scope events:write --expires-in-days 365"""

import getpass
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.api.keys.errors import InvalidKeyRequest
from scoring.api.keys.issue import create_key
from scoring.api.keys.requests import FOR_KEYS, SCOPES
from scoring.api.models import ApiKey
from scoring.timestamps import to_iso

MAX_DAYS = 3_650


class Command(BaseCommand):
    help = "Create an API key and print it. The key itself is not stored and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="display name, e.g. 'web shop'")
        parser.add_argument(
            "--source", required=True, help="the sender: part of the identity of every event that it sends"
        )
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            dest="scopes",
            help="permission; may be repeated: "
            + "; ".join(f"{name} ({what})" for name, what in SCOPES.items()),
        )
        parser.add_argument(
            "--label-source",
            action="append",
            dest="label_sources",
            help=f"label source that the key may use; may be repeated: {', '.join(FOR_KEYS)} or a name of the"
            " sender's own (default: the sender's name, which ranks after all of these)",
        )
        parser.add_argument(
            "--event-type",
            action="append",
            default=[],
            dest="event_types",
            help="event type that the key may send; may be repeated (default: all)",
        )
        parser.add_argument(
            "--address",
            action="append",
            default=[],
            dest="networks",
            help="address or network (CIDR) that may use the key; may be repeated (default: any)",
        )
        parser.add_argument(
            "--media-pending-outcome",
            metavar="OUTCOME",
            help='what events get at least until their pictures and videos are processed, such as limit; ""'
            " decides on what is known (default: as the event type says)",
        )
        parser.add_argument("--expires-in-days", type=int, help="validity (default: until revoked)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        days = options["expires_in_days"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(
                f"--expires-in-days {days} is not allowed; use a number from 1 to {MAX_DAYS:,}"
            )
        try:
            row, key = create_key(
                name=options["name"],
                source=options["source"],
                scopes=options["scopes"],
                label_sources=options["label_sources"],
                event_types=options["event_types"],
                networks=options["networks"],
                media_pending_outcome=options["media_pending_outcome"],
                expires_at=None if days is None else now + timedelta(days=days),
                now=now,
                actor=f"shell/{getpass.getuser()}",
            )
        except InvalidKeyRequest as error:
            raise CommandError(str(error)) from error
        # Only the key goes to standard output, so that a script can read it.
        self.stdout.write(key)
        self.stderr.write(describe_key(row))


def describe_key(row: ApiKey) -> str:
    """A readable description of a new key's permissions."""
    parts = [f"Key {row.prefix}... for source {row.source}: {', '.join(row.scopes)}."]
    if row.label_sources:
        parts.append(f"Label sources: {', '.join(row.label_sources)}.")
    if row.event_types:
        parts.append(f"Event types: {', '.join(row.event_types)}.")
    if row.networks:
        parts.append(f"Addresses: {', '.join(row.networks)}.")
    parts.append(f"It expires at {to_iso(row.expires_at)}." if row.expires_at else "It does not expire.")
    return " ".join([*parts, "Save it now; it cannot be shown again."])
