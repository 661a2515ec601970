"""manage.py create_api_key --name "web shop" --source shop --scope events:write --scope events:read"""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.api.keys import SCOPES, create_key
from scoring.errors import InvalidKeyRequest


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

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row, key = create_key(
                name=options["name"],
                source=options["source"],
                scopes=options["scopes"],
                now=timezone.now(),
                actor=f"shell/{getpass.getuser()}",
            )
        except InvalidKeyRequest as error:
            raise CommandError(str(error)) from error
        # The key alone goes to standard output, so that a script can take it.
        self.stdout.write(key)
        self.stderr.write(
            f"Key {row.prefix}... for source {row.source}: {', '.join(row.scopes)}. Keep it now."
        )
