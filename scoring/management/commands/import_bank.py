"""`manage.py import_bank BANK FILE`: add the hashes of a file to a hash bank."""

import getpass
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from scoring.catalog.errors import FieldError
from scoring.errors import ScoringError
from scoring.rules.banks.importing.in_one_go import Imported, import_file
from scoring.rules.lists.importing.lines import LineDefaults, read_expiry


class Command(BaseCommand):
    help = (
        "Add the PDQ hashes of a file to a hash bank: ThreatExchange's JSON, CSV with a column hash, or one"
        " hash a line; also compressed with gzip. Every line is accounted for: added, there already, or"
        " rejected with its number and the reason. Importing a file twice changes nothing. Exits with 1 if a"
        " line was rejected."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("bank", help="the bank's name")
        parser.add_argument("file", type=Path, help="the file with the hashes")
        parser.add_argument("--reason", default="", help="why, for lines without a reason")
        parser.add_argument("--source", default="", help="for lines without one; default: the file's name")
        parser.add_argument("--until", default="", help="a date or time, for lines without an expiry")
        parser.add_argument(
            "--replace", action="store_true", help="give hashes that are there the file's reason and expiry"
        )
        parser.add_argument("--check", action="store_true", help="only say what the file would do")
        parser.add_argument(
            "--rejects", type=Path, help="write rejected lines with their reasons to this file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = _import(options)
        except FieldError as error:
            raise CommandError(f"--until {error.problem}; allowed: {error.allowed}") from error
        except (ScoringError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(words_of(done, checked=options["check"]))
        if done.rejected:
            where = (
                f"; they are in {options['rejects']}" if options["rejects"] else "; --rejects FILE keeps them"
            )
            raise CommandError(f"{done.rejected:,} lines were rejected{where}")


def _import(options: dict[str, Any]) -> Imported:
    path: Path = options["file"]
    until = read_expiry(options["until"]) if options["until"] else None
    with ExitStack() as opened:
        file = opened.enter_context(path.open("rb"))
        wanted = options["rejects"]
        rejects = opened.enter_context(wanted.open("w", encoding="utf-8", newline="")) if wanted else None
        bar = opened.enter_context(tqdm(unit=" lines", disable=None))
        return import_file(
            file,
            bank=options["bank"],
            defaults=LineDefaults(options["reason"], until, options["source"] or path.name),
            actor=f"shell/{getpass.getuser()}",
            now=timezone.now(),
            replace=options["replace"],
            only_check=options["check"],
            rejects=rejects,
            watch=bar.update,
        )


def words_of(done: Imported, *, checked: bool) -> str:
    """What an import did, or would do, in a line."""
    verb = "would be added" if checked else "added"
    replaced = f" ({done.replaced:,} in place of others)" if done.replaced else ""
    return (
        f"{done.lines:,} lines: {done.added:,} {verb}{replaced}, {done.unchanged:,} there already or"
        f" repeated, {done.rejected:,} rejected"
    )
