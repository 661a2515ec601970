"""`manage.py reset_second_factor NAME`: for a person who lost the phone and the recovery codes."""

from argparse import ArgumentParser
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from config.people.signing_in.recording import record

ACTOR = "command/reset_second_factor"


class Command(BaseCommand):
    help = "Remove the second factor of a user, who can then sign in by password and add a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the user's name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            user = User.objects.get(username=options["name"])
        except User.DoesNotExist:
            raise CommandError(f"there is no user named {options['name']!r}") from None
        factors = list(Authenticator.objects.filter(user=user))
        for factor in factors:
            factor.delete()
            record(user, "second_factor.removed", {"kind": factor.type}, actor=ACTOR)
        self.stdout.write(f"{len(factors)} removed." if factors else "There was none.")
