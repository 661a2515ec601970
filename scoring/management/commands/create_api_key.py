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
    help = "Make an API key and print it; it is stored nowhere and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="what a person calls it, e.g. 'web shop'")
        parser.add_argument(
            "--source", required=True, help="the sender: part of the name of every event it sends"
        )
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            dest="scopes",
            help="what it may do, repeatable: "
            + "; ".join(f"{name} ({what})" for name, what in SCOPES.items()),
        )
        parser.add_argument(
            "--label-source",
            action="append",
            dest="label_sources",
            help=f"a label source it may state, repeatable: {', '.join(FOR_KEYS)} or a name of the sender's"
            " own (default: the sender's name, which ranks after all of these)",
        )
        parser.add_argument(
            "--event-type",
            action="append",
            default=[],
            dest="event_types",
            help="an event type it is for, repeatable (default: all)",
        )
        parser.add_argument(
            "--address",
            action="append",
            default=[],
            dest="networks",
            help="an address or network (CIDR) it may be used from, repeatable (default: any)",
        )
        parser.add_argument(
            "--expires-in-days", type=int, help="how long it is valid (default: until it is revoked)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        days = options["expires_in_days"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--expires-in-days {days} is not possible; allowed: 1 to {MAX_DAYS:,}")
        try:
            row, key = create_key(
                name=options["name"],
                source=options["source"],
                scopes=options["scopes"],
                label_sources=options["label_sources"],
                event_types=options["event_types"],
                networks=options["networks"],
                expires_at=None if days is None else now + timedelta(days=days),
                now=now,
                actor=f"shell/{getpass.getuser()}",
            )
        except InvalidKeyRequest as error:
            raise CommandError(str(error)) from error
        # The key alone goes to standard output, so that a script can take it.
        self.stdout.write(key)
        self.stderr.write(describe_key(row))


def describe_key(row: ApiKey) -> str:
    """What a new key is for, for a person to read."""
    parts = [f"Key {row.prefix}... for source {row.source}: {', '.join(row.scopes)}."]
    if row.label_sources:
        parts.append(f"It may state labels as {', '.join(row.label_sources)}.")
    if row.event_types:
        parts.append(f"Event types: {', '.join(row.event_types)}.")
    if row.networks:
        parts.append(f"From: {', '.join(row.networks)}.")
    parts.append(f"It expires at {to_iso(row.expires_at)}." if row.expires_at else "It does not expire.")
    return " ".join([*parts, "Keep it now."])
