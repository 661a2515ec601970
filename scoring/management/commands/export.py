"""`manage.py export`: the log as Parquet, from where the last run ended."""

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
        "Bring the offline store (ASSAY_OFFLINE_URL) up to the log: events, labels and the lanes' orders as"
        " Parquet. Interrupted, the same command goes on after the last committed page."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--status", action="store_true", help="only say what is there")
        parser.add_argument(
            "--anew",
            action="store_true",
            help="begin from the log's beginning and replace what is there, whichever log it came from",
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
    """What the store holds and how far it is behind, for a person to read."""
    manifest = status.manifest
    if manifest.number == 0:
        return [f"{status.url}: nothing exported yet; {status.behind:,} entries to export"]
    return [
        f"{status.url}: {holdings(manifest)}",
        f"  up to position {manifest.cursor.position:,} at {manifest.written_at}, {status.behind:,} behind",
    ]


def report_lines(store: OfflineStore, report: ExportReport) -> list[str]:
    """What a run did, for a person to read."""
    lines = [f"{report.entries:,} entries exported to {report.files:,} files in {store.url}"]
    if report.began_anew:
        lines.append("  everything anew: the catalog's fields are no longer those it was exported with")
    if report.removed:
        lines.append(f"  {report.removed:,} files that no longer count were removed")
    return [*lines, f"  it holds {holdings(report.manifest)}"]


def holdings(manifest: Manifest) -> str:
    """How many rows of what.

    >>> holdings(Manifest())
    '0 events, 0 labels, 0 places in an order; 0 files'
    """
    rows = {name: manifest.rows(name) for name in ("events", "labels", "order")}
    return (
        f"{rows['events']:,} events, {rows['labels']:,} labels, {rows['order']:,} places in an order;"
        f" {len(manifest.files):,} files"
    )
