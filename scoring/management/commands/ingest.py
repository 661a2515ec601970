"""`manage.py ingest FILE ...`: events and labels from CSV, JSON Lines or Parquet files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from scoring.catalog.registry import event_type
from scoring.decisions.history import sequence_history
from scoring.errors import ScoringError
from scoring.ingest.imports import ImportReport, ingest_file
from scoring.ingest.mapping import ColumnMapping, build_mapping, read_mapping
from scoring.ingest.readers import READERS, open_table


class Command(BaseCommand):
    help = (
        "Take events and labels from CSV, JSON Lines or Parquet files. Every row is accounted for: accepted,"
        " repeated, or rejected with its number and the reason. Interrupted, the same command goes on where"
        " it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--format", choices=sorted(READERS), help="of the files; by default their ending says"
        )
        parser.add_argument(
            "--mapping", type=Path, help="TOML file with the mapping; the options below overrule it"
        )
        parser.add_argument("--type", help="event type, e.g. payment")
        parser.add_argument("--source", help="who sends: part of every event's identity (default: import)")
        parser.add_argument(
            "--id", help="the column that identifies an event, or several joined by + (default: id)"
        )
        parser.add_argument(
            "--map", action="append", default=[], metavar="FIELD=COLUMN", help="column of a field"
        )
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE", help="value for all rows"
        )
        parser.add_argument(
            "--label", metavar="COLUMN[:RAW=LABEL,...]", help="e.g. is_fraud:1=fraud,0=legitimate"
        )
        parser.add_argument("--label-known-at", metavar="COLUMN", help="when the label became known")
        parser.add_argument("--label-source", help="who says so, e.g. chargeback (default: import)")
        parser.add_argument("--timezone", help="IANA time zone of times without an offset")
        parser.add_argument(
            "--history", action="store_true", help="the past: nothing is decided, labels keep their time"
        )
        parser.add_argument(
            "--no-sequence",
            action="store_true",
            help="leave the history waiting, e.g. until other files of the lane are in too",
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            help="CSV for rejected rows; of several files a directory (default: var/rejects)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._ingest(options)
        except ScoringError as error:
            raise CommandError(str(error)) from error

    def _ingest(self, options: dict[str, Any]) -> None:
        mapping = _mapping(options)
        for path in options["files"]:  # a misspelt last name is said before the first file is taken
            open_table(path, form=options["format"])
        reports = [self._ingest_file(path, mapping, options) for path in options["files"]]
        if options["history"] and not options["no_sequence"]:
            self._sequence(event_type(mapping.type).lane, reports)

    def _ingest_file(self, path: Path, mapping: ColumnMapping, options: dict[str, Any]) -> ImportReport:
        rows = open_table(path, form=options["format"]).rows
        with tqdm(
            total=rows, unit=" rows", desc=path.name, smoothing=0.05, disable=options["verbosity"] == 0
        ) as bar:
            report = ingest_file(
                path,
                mapping=mapping,
                history=options["history"],
                clock=timezone.now,
                form=options["format"],
                rejects=_rejects_path(path, options),
                progress=bar.update,
            )
        self.stdout.write(describe_report(report))
        return report

    def _sequence(self, lane: str, reports: list[ImportReport]) -> None:
        with tqdm(unit=" entries", desc=f"sequencing {lane}", smoothing=0.05) as bar:
            count = sequence_history(lane, progress=bar.update)
        self.stdout.write(f"lane {lane}: {count:,} entries of history have their place in the order")


def describe_report(report: ImportReport) -> str:
    """What became of the rows of a file, for a person to read."""
    lines = [
        f"{report.name}: {report.read:,} rows = {report.accepted:,} accepted + {report.duplicate:,} repeated"
        f" + {report.rejected:,} rejected; {report.labels:,} labels recorded"
    ]
    if report.rejected:
        lines.append(f"  rejected rows, with reasons: {report.rejects}")
    if report.unmapped:
        lines.append(f"  columns that were not used: {', '.join(report.unmapped)}")
    return "\n".join(lines)


def _mapping(options: dict[str, Any]) -> ColumnMapping:
    return build_mapping(
        read_mapping(options["mapping"]) if options["mapping"] else {},
        event_type=options["type"],
        source=options["source"],
        identity=options["id"],
        fields=options["map"],
        constants=options["set"],
        label=options["label"],
        label_known_at=options["label_known_at"],
        label_source=options["label_source"],
        timezone=options["timezone"],
    )


def _rejects_path(path: Path, options: dict[str, Any]) -> Path | None:
    given: Path | None = options["rejects"]
    if given is None or (len(options["files"]) == 1 and not given.is_dir()):
        return given
    if given.is_file():
        raise CommandError(f"--rejects {given} is one file for several imports; give a directory")
    return given / f"{path.stem}.csv"
