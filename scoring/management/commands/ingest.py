"""`manage.py ingest FILE ...`: import events and labels from CSV, JSON or Parquet files."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from scoring.catalog.registry import event_type
from scoring.errors import ScoringError
from scoring.ingest.imports import ingest_table
from scoring.ingest.limits import MaxRejected, parse_max_rejected
from scoring.ingest.mapping.mapping import ColumnMapping, build_mapping, read_mapping
from scoring.ingest.preview import preview_table
from scoring.ingest.readers.opening import READERS, open_table
from scoring.ingest.readers.tables import SourceTable
from scoring.ingest.report import ImportReport, describe_report
from scoring.ingest.values.missing import MissingWords
from scoring.ingest.values.times import EXCEL, UNITS
from scoring.management.commands.sequence import SequencedLane, sequence_lane
from scoring.management.outcomes import as_command_error, bad_argument, write_json

# What `--json` shows of each file; see ImportReport.
COUNTS = (
    *("name", "read", "accepted", "duplicate", "rejected", "labels", "blank", "silent", "held"),
    *("label_problems", "rounded", "unmapped", "rejects", "finished"),
)


class Command(BaseCommand):
    help = (
        "Import events and labels from CSV, JSON Lines or Parquet files. Every row is accounted for:"
        " accepted, duplicate, or rejected with its number and the reason. After an interruption, the same"
        " command continues where it stopped. Exits with 1 if more rows were rejected than --max-rejected"
        " allows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="file to import; may be compressed"
        )
        parser.add_argument(
            "--mapping", type=Path, help="TOML file with the mapping; the options below override it"
        )
        _add_mapping(parser.add_argument_group("mapping"))
        _add_labels(parser.add_argument_group("labels"))
        _add_values(parser.add_argument_group("values"))
        _add_reading(parser.add_argument_group("file format (default: detected from the content)"))
        _add_running(parser.add_argument_group("execution"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except ScoringError as error:
            raise as_command_error(error) from error

    def _handle(self, options: dict[str, Any]) -> None:
        if options["dry_run"] and options["json"]:
            raise bad_argument("--json and --dry-run do not go together: a dry run is described in words")
        mapping = _mapping(options)
        # Open all files first, so that a misspelled name is reported before any file is imported.
        tables = [open_table(path, mapping.reading) for path in options["files"]]
        if options["dry_run"]:
            self._preview(tables, mapping, options)
            return
        allowed = parse_max_rejected(options["max_rejected"])
        reports = [
            self._ingest(table, path, mapping, options)
            for table, path in zip(tables, options["files"], strict=True)
        ]
        sequenced = None
        if options["history"] and not options["no_sequence"]:
            lane, quiet = event_type(mapping.type).lane, options["verbosity"] == 0
            sequenced = sequence_lane(lane, reorder=options["reorder"], quiet=quiet)
        if options["json"]:
            write_json(self.stdout, import_facts(reports, sequenced))
        elif sequenced:
            self.stdout.write("\n".join(sequenced.lines()))
        self._check(reports, allowed)

    def _preview(self, tables: list[SourceTable], mapping: ColumnMapping, options: dict[str, Any]) -> None:
        rows = None if options["all_rows"] else options["rows"]
        for table in tables:
            with _bar(table, options) as bar:
                lines = preview_table(
                    table,
                    mapping,
                    rows=rows,
                    history=options["history"],
                    labels_only=options["labels_only"],
                    now=timezone.now(),
                    progress=bar.update,
                )
            self.stdout.write("\n".join(lines))
        self.stdout.write("Nothing was written: this was a dry run.")

    def _ingest(
        self, table: SourceTable, path: Path, mapping: ColumnMapping, options: dict[str, Any]
    ) -> ImportReport:
        with _bar(table, options) as bar:
            report = ingest_table(
                table,
                mapping,
                history=options["history"],
                labels_only=options["labels_only"],
                clock=timezone.now,
                rejects=_rejects_path(path, options),
                progress=bar.update,
            )
        if options["json"]:
            return report
        words = MissingWords(mapping.missing, usual=mapping.usual_missing)
        self.stdout.write(describe_report(report, words=words, labels_only=options["labels_only"]))
        self.stdout.write(f"  read as {table.described}")
        return report

    def _check(self, reports: list[ImportReport], allowed: MaxRejected) -> None:
        """Raise CommandError if too many rows were rejected; the others have been imported by then."""
        rows, problems = sum(report.read for report in reports), sum(report.problems for report in reports)
        if not allowed.allows(problems, of=rows):
            raise CommandError(
                f"{problems:,} of {rows:,} rows were rejected or imported without their label, more than"
                f" --max-rejected {allowed} allows. The others were imported."
            )


def import_facts(reports: Sequence[ImportReport], sequenced: SequencedLane | None) -> dict[str, Any]:
    """The result as JSON values: the counts of each file, and what was sequenced if anything was."""
    return {
        "files": [{name: getattr(report, name) for name in COUNTS} for report in reports],
        "sequenced": asdict(sequenced) if sequenced else None,
    }


def _add_mapping(group: Any) -> None:
    group.add_argument("--type", help="event type, e.g. payment")
    group.add_argument("--source", help="the sender: part of every event's identity (default: import)")
    group.add_argument(
        "--id",
        help="the column that identifies an event, or several joined by + (default: id); `row` derives IDs"
        " from the row's number and content, for files without IDs",
    )
    group.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="column of a field")
    group.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="value for all rows")


def _add_labels(group: Any) -> None:
    group.add_argument(
        "--label",
        metavar="COLUMN[:RAW=LABEL,...]",
        help="e.g. is_fraud:1=fraud,0=legitimate; *= leaves all other values without a label",
    )
    group.add_argument("--label-value", metavar="LABEL", help="the label of every row, e.g. fraud")
    group.add_argument(
        "--label-known-at", metavar="COLUMN", help="when the label became known; a date means its end of day"
    )
    group.add_argument(
        "--label-time-format", metavar="FORMAT", help="format of known-at times, e.g. %%d/%%m/%%Y"
    )
    group.add_argument(
        "--label-policies",
        metavar="COLUMN",
        help="the policies that the event breaks, with its positive label, e.g. spam;scam",
    )
    group.add_argument("--label-source", help="source of the labels, e.g. chargeback (default: import)")
    group.add_argument(
        "--labels-only",
        action="store_true",
        help="import only labels, for events that are in the log or will be",
    )


def _add_values(group: Any) -> None:
    group.add_argument("--timezone", help="IANA time zone of times without an offset")
    group.add_argument("--time-format", metavar="FORMAT", help="format of times, e.g. '%%d/%%m/%%Y %%H:%%M'")
    group.add_argument("--time-unit", choices=[*UNITS, EXCEL], help="unit of numeric times")
    group.add_argument(
        "--time-origin", metavar="TIME", help="time from which numeric times count, e.g. 2013-09-01T00:00:00Z"
    )
    group.add_argument("--decimal", choices=[".", ","], help="decimal separator in text (default: .)")
    group.add_argument("--thousands", help="thousands separator: , . ' or space")
    group.add_argument(
        "--missing",
        action="append",
        default=[],
        metavar="WORD",
        help="a text that means a missing value; may be repeated",
    )
    group.add_argument(
        "--no-usual-missing",
        action="store_false",
        default=None,
        dest="usual_missing",
        help="treat NULL, NaN, N/A, None and so on as values",
    )
    group.add_argument(
        "--round",
        action="store_true",
        default=None,
        help="round amounts with more decimals than their currency has (half to even)",
    )


def _add_reading(group: Any) -> None:
    group.add_argument("--format", choices=sorted(READERS), help="format of the files")
    group.add_argument("--delimiter", help="delimiter of CSV: , ; | or tab")
    group.add_argument("--encoding", help="encoding of text, e.g. UTF-8, UTF-16, Windows-1252")
    group.add_argument("--skip-lines", type=int, metavar="N", help="lines before the header of a CSV file")


def _add_running(group: Any) -> None:
    group.add_argument(
        "--dry-run", action="store_true", help="show how the file would be read; write nothing"
    )
    group.add_argument(
        "--rows", type=int, default=1000, metavar="N", help="rows of the dry run (default: 1000)"
    )
    group.add_argument("--all-rows", action="store_true", help="read all rows in the dry run")
    group.add_argument(
        "--history", action="store_true", help="import the past: nothing is decided, labels keep their times"
    )
    group.add_argument(
        "--no-sequence",
        action="store_true",
        help="do not sequence the history yet, e.g. until the lane's other files are imported"
        " (manage.py sequence)",
    )
    group.add_argument(
        "--reorder",
        action="store_true",
        help="reorder the lane to insert history older than the entries already applied",
    )
    group.add_argument(
        "--max-rejected",
        default="0",
        metavar="N or N%",
        help="rows that may be rejected or lose their label before the command exits with 1 (default: 0)",
    )
    group.add_argument("--json", action="store_true", help="print the counts as JSON; not with --dry-run")
    group.add_argument(
        "--rejects",
        type=Path,
        help="CSV file for rejected rows, or a directory for several imports (default: var/rejects)",
    )


def _bar(table: SourceTable, options: dict[str, Any]) -> "tqdm[Any]":
    is_quiet = options["verbosity"] == 0
    total = None if is_quiet or options["dry_run"] else table.count()
    return tqdm(total=total, unit=" rows", desc=table.name, smoothing=0.05, disable=is_quiet)


def _mapping(options: dict[str, Any]) -> ColumnMapping:
    same = (
        "source",
        "label",
        "label_value",
        "label_known_at",
        "label_source",
        "label_time_format",
        "label_policies",
        "missing",
    )
    more = ("timezone", "time_format", "time_unit", "time_origin", "decimal", "thousands", "usual_missing")
    reading = ("round", "format", "delimiter", "encoding", "skip_lines")
    return build_mapping(
        read_mapping(options["mapping"]) if options["mapping"] else {},
        event_type=options["type"],
        identity=options["id"],
        fields=options["map"],
        constants=options["set"],
        **{name: options[name] for name in (*same, *more, *reading)},
    )


def _rejects_path(path: Path, options: dict[str, Any]) -> Path | None:
    given: Path | None = options["rejects"]
    if given is None or (len(options["files"]) == 1 and not given.is_dir()):
        return given
    if given.is_file():
        raise bad_argument(f"--rejects {given} is one file, but there are several imports; give a directory")
    return given / f"{path.stem}.csv"
