"""`manage.py erase_subject --kind customer --value C-1 --reason "request 17"`: erase what is personal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from reviews.console.entity_index import EntityRef, entity_kinds, named_entities
from reviews.erasure.erasing import erase_subject, erased_counts, in_words, preview_erasure
from reviews.errors import InvalidErasure, SubjectUnknown
from scoring.management.arguments import read_words
from scoring.management.outcomes import add_json_option, answer_is_no, bad_argument, write_json


class Command(BaseCommand):
    help = "Delete the personal values, reviewers' notes and uploaded files of an entity's events."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", required=True, choices=entity_kinds(), help="the kind of the entity")
        parser.add_argument("--value", required=True, help="the entity's complete value, as it was sent")
        parser.add_argument(
            "--reason", default="", help="why; goes to the log, so it must not name the subject"
        )
        parser.add_argument(
            "--with-shared", action="store_true", help="also what events and cases of others have too"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
        parser.add_argument(
            "--actor",
            type=read_words,
            default="command/erase_subject",
            help="recorded as the author (default: %(default)s)",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        subjects = named_entities(options["kind"], options["value"])
        if not subjects:
            raise bad_argument(f"argument --value: {options['value']!r} is no value of a {options['kind']}")
        erased = [found for subject in subjects if (found := self._erase(subject, options)) is not None]
        if not erased:
            raise answer_is_no(str(SubjectUnknown(options["kind"])))
        if options["json"]:
            write_json(self.stdout, {"dry_run": options["dry_run"], "subjects": erased})
            return
        for counts in erased:
            done = "Would delete" if options["dry_run"] else "Deleted"
            self.stdout.write(f"{done} of {counts['events']:,} events: {in_words(counts)}.")

    def _erase(self, subject: EntityRef, options: dict[str, Any]) -> dict[str, Any] | None:
        """What was deleted, or would be; None if no event names the subject."""
        now, with_shared = timezone.now(), options["with_shared"]
        try:
            if options["dry_run"]:
                data = preview_erasure(subject, now=now, with_shared=with_shared)
                return erased_counts(data, with_shared=with_shared)
            entry = erase_subject(
                subject, reason=options["reason"], actor=options["actor"], now=now, with_shared=with_shared
            )
        except SubjectUnknown:
            return None
        except InvalidErasure as error:
            raise bad_argument(f"argument --reason: {error}") from error
        return {**entry.data, "position": entry.position}
