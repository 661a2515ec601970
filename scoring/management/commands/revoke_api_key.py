"""`manage.py revoke_api_key assay_AbC123`"""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scoring.api.keys.errors import ApiKeyAlreadyRevoked, ApiKeyNotFound
from scoring.api.keys.issue import revoke_key


class Command(BaseCommand):
    help = "Revoke an API key by its prefix, which the admin shows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("prefix", help="the key's first 12 characters, e.g. assay_AbC123")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = revoke_key(prefix=options["prefix"], now=timezone.now(), actor=f"shell/{getpass.getuser()}")
        except (ApiKeyNotFound, ApiKeyAlreadyRevoked) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Revoked {row.prefix} ({row.name}, source {row.source}).")
