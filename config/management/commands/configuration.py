"""`manage.py configuration`: what people configure, as one YAML file that can live in git."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.people.audit import current_actor
from scoring.configuration.applying import Applied, apply_text, compare_text, export_text
from scoring.configuration.differences import report_lines
from scoring.configuration.people import applying_actor, approving_actor
from scoring.errors import ScoringError

DIFFERS = 2  # exit code of `diff --exit-code`; 1 is an error


class Command(BaseCommand):
    help = (
        "Export lists and hash banks (without what is in them), rules, policies, exploration, breakers,"
        " schedules, gates, guardrails, retraining triggers, alert rules and quality checks to a YAML file,"
        " show what a file would change, or apply it: all of it or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="export|diff|apply")
        export = actions.add_parser("export", help="write what is configured")
        export.add_argument(
            "file", nargs="?", default="-", help="the file to write, by default standard output"
        )
        diff = actions.add_parser("diff", help="show what applying a file would change")
        diff.add_argument("--exit-code", action="store_true", help=f"exit with {DIFFERS} if anything differs")
        apply = actions.add_parser("apply", help="show the differences, then apply a file")
        apply.add_argument("--actor", required=True, metavar="NAME", help="the user who makes the changes")
        apply.add_argument(
            "--approver",
            default="",
            metavar="NAME",
            help="the second person, who approves what becomes active for the first time; without one,"
            " activations are requested and wait for approval in the admin",
        )
        apply.add_argument("--reason", default="", help="why, for the log; by default the name of the file")
        apply.add_argument("--yes", action="store_true", help="apply without asking")
        for each in (diff, apply):
            each.add_argument("file", help="the file to read; - for standard input")
            each.add_argument(
                "--prune",
                action="store_true",
                help="also archive, switch off or delete what the sections of the file do not mention",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except ScoringError as error:
            raise CommandError(str(error)) from error

    def _export(self, options: dict[str, Any]) -> None:
        text = export_text()
        if options["file"] == "-":
            self.stdout.write(text, ending="")
            return
        _write(options["file"], text)
        self.stdout.write(f"wrote {options['file']}")

    def _diff(self, options: dict[str, Any]) -> None:
        how = self._how(options)
        applied = compare_text(_read(options["file"]), actor="", approver="", **how)
        self._show(applied)
        if applied.changes and options["exit_code"]:
            sys.exit(DIFFERS)

    def _apply(self, options: dict[str, Any]) -> None:
        actor, text = applying_actor(options["actor"]), _read(options["file"])
        approver = approving_actor(options["approver"], actor=actor, text=text) if options["approver"] else ""
        how = {"actor": actor, "approver": approver, **self._how(options)}
        found = compare_text(text, **how)
        self._show(found)
        if found.is_nothing:
            return
        if not options["yes"] and input("Apply this? [y/N] ").strip().lower() not in ("y", "yes"):
            self.stdout.write("Nothing was changed.")
            return
        current_actor.set(actor)
        apply_text(text, state=found.state, **how)
        self.stdout.write(f"Applied: {found.summary}.")

    def _how(self, options: dict[str, Any]) -> dict[str, Any]:
        reason = options.get("reason") or f"configuration file {Path(options['file']).name}"
        return {"reason": reason, "now": timezone.now(), "prune": options["prune"]}

    def _show(self, applied: Applied) -> None:
        self.stdout.write("\n".join(report_lines(applied)))


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 text") from error


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror or error}") from error
