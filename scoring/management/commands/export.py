"""`manage.py export`: export the log to Parquet, from where the last run ended."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from scoring.errors import ScoringError
from scoring.management.outcomes import add_json_option, as_command_error, write_json
from scoring.offline.export import ExportReport, ExportStatus, export_log, export_status
from scoring.offline.store import Manifest, OfflineStore

TABLES = ("events", "labels", "order")


class Command(BaseCommand):
    help = (
        "Update the offline store (ASSAY_OFFLINE_URL) from the log: events, labels and lane orders as"
        " Parquet. After an interruption, the same command continues after the last committed page."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--status", action="store_true", help="only show the store's content")
        parser.add_argument(
            "--anew",
            action="store_true",
            help="export from the beginning of the log and replace the store's content, even if it is from"
            " another log",
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        store = OfflineStore()
        try:
            if options["status"]:
                self._say_status(export_status(store), as_json=options["json"])
                return
            with tqdm(
                unit=" entries", desc="exporting", leave=False, disable=not options["verbosity"]
            ) as bar:
                report = export_log(store, now=timezone.now(), anew=options["anew"], progress=bar.update)
        except ScoringError as error:
            raise as_command_error(error) from error
        if options["json"]:
            write_json(self.stdout, report_facts(store, report))
        else:
            self.stdout.write("\n".join(report_lines(store, report)))

    def _say_status(self, status: ExportStatus, *, as_json: bool) -> None:
        if as_json:
            write_json(self.stdout, store_facts(status.url, status.manifest) | {"behind": status.behind})
        else:
            self.stdout.write("\n".join(status_lines(status)))


def store_facts(url: str, manifest: Manifest) -> dict[str, Any]:
    """What the store contains, as JSON values."""
    return {
        "store": url,
        "position": manifest.cursor.position,
        "written_at": manifest.written_at or None,
        "rows": {name: manifest.rows(name) for name in TABLES},
        "files_in_store": len(manifest.files),
    }


def report_facts(store: OfflineStore, report: ExportReport) -> dict[str, Any]:
    """The result of a run, as JSON values."""
    return store_facts(store.url, report.manifest) | {
        "entries": report.entries,
        "files": report.files,
        "removed": report.removed,
        "began_anew": report.began_anew,
    }


def status_lines(status: ExportStatus) -> list[str]:
    """A readable description of the store's content and its lag behind the log."""
    manifest = status.manifest
    if manifest.number == 0:
        return [f"{status.url}: nothing exported yet; {status.behind:,} entries to export"]
    return [
        f"{status.url}: {holdings(manifest)}",
        f"  up to position {manifest.cursor.position:,} at {manifest.written_at}, {status.behind:,} behind",
    ]


def report_lines(store: OfflineStore, report: ExportReport) -> list[str]:
    """A readable report of a run."""
    lines = [f"{report.entries:,} entries exported to {report.files:,} files in {store.url}"]
    if report.began_anew:
        lines.append("  everything was exported again, because the fields in the catalog have changed")
    if report.removed:
        lines.append(f"  {report.removed:,} obsolete files were removed")
    return [*lines, f"  the store contains {holdings(report.manifest)}"]


def holdings(manifest: Manifest) -> str:
    """Row counts by kind.

    >>> holdings(Manifest())
    '0 events, 0 labels, 0 lane positions; 0 files'
    """
    rows = {name: manifest.rows(name) for name in TABLES}
    return (
        f"{rows['events']:,} events, {rows['labels']:,} labels, {rows['order']:,} lane positions;"
        f" {len(manifest.files):,} files"
    )
