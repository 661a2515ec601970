"""`manage.py export`: export the log to Parquet, from where the last run ended."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from scoring.errors import ScoringError
from scoring.offline.export import ExportReport, ExportStatus, export_log, export_status
from scoring.offline.store import Manifest, OfflineStore


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

    def handle(self, *args: Any, **options: Any) -> None:
        store = OfflineStore()
        try:
            if options["status"]:
                self.stdout.write("\n".join(status_lines(export_status(store))))
                return
            with tqdm(
                unit=" entries", desc="exporting", leave=False, disable=not options["verbosity"]
            ) as bar:
                report = export_log(store, now=timezone.now(), anew=options["anew"], progress=bar.update)
        except ScoringError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(report_lines(store, report)))


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
    rows = {name: manifest.rows(name) for name in ("events", "labels", "order")}
    return (
        f"{rows['events']:,} events, {rows['labels']:,} labels, {rows['order']:,} lane positions;"
        f" {len(manifest.files):,} files"
    )
