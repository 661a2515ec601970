"""`manage.py replay`: recompute past decisions from the log and compare them with the logged ones."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand
from django.utils import timezone

from scoring.decisions.predictions.predicting import RUNTIME
from scoring.errors import ScoringError
from scoring.management.arguments import EARLIEST, integer, read_moment, read_new_file, read_scored_type
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import ANSWER_IS_NO, as_command_error, bad_argument, write_json
from scoring.progress import NO_PROGRESS
from scoring.replay.compare import BITS, DecisionComparison
from scoring.replay.models import ASPECTS
from scoring.replay.report import ReplayGroup, ReplayReport, place_of
from scoring.replay.service import replay

MAX_FEATURES_SHOWN = 20
STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    help = (
        "Recompute every decision of a range from the log alone (features, score, explanation, outcome) and"
        " compare it with the logged one. Exits with 3 unless all are identical."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--type",
            type=read_scored_type,
            default="payment",
            help="the event type (default: %(default)s)",
        )
        parser.add_argument(
            "--from",
            dest="since",
            type=read_moment,
            default=EARLIEST,
            help="start of the decisions' time range",
        )
        parser.add_argument(
            "--to", dest="until", type=read_moment, help="end of the time range, exclusive (default: now)"
        )
        parser.add_argument(
            "--limit",
            type=integer(minimum=1),
            metavar="N",
            help="only the first N decisions of the range",
        )
        parser.add_argument(
            "--json",
            type=read_new_file,
            nargs="?",
            const=STANDARD_OUTPUT,
            metavar="FILE",
            help="the complete report as JSON: printed, or written to a file beside the readable one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        until = timezone.now() if options["until"] is None else options["until"]
        if options["since"] >= until:
            raise bad_argument("--from must be before --to (default: now)")
        try:
            with StepProgressBars() if options["verbosity"] else nullcontext(NO_PROGRESS) as watch:
                report = replay(
                    options["type"],
                    since=options["since"],
                    until=until,
                    limit=options["limit"],
                    watch=watch,
                )
        except ScoringError as error:
            raise as_command_error(error) from error
        seconds = time.perf_counter() - started
        facts = {**report.facts(), "seconds": round(seconds, 3)}
        if options["json"] == STANDARD_OUTPUT:
            write_json(self.stdout, facts)
        else:
            if options["json"]:
                Path(options["json"]).write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
            self.stdout.write("\n".join(report_lines(report, seconds=seconds)))
        if not report.is_identical:
            sys.exit(ANSWER_IS_NO)


def report_lines(report: ReplayReport, *, seconds: float) -> list[str]:
    """A readable report."""
    if not report.decisions:
        return [f"no {report.event_type} decisions in that range"]
    return [
        f"{report.decisions:,} {report.event_type} decisions, {report.items:,} items of lane {report.lane}"
        f" folded, {seconds:,.1f} s ({report.decisions / seconds:,.0f} decisions/s)",
        *_table(report),
        f"{share(report.identical, report.decisions)} identical",
        *_remarks(report),
        *_first_difference(report),
    ]


def share(held: int, compared: int) -> str:
    """A percentage that is 100 % only if all are held; "-" if there are none.

    >>> share(5, 5), share(99_999, 100_000), share(0, 0)
    ('100 %', '99.999 %', '-')
    """
    if not compared:
        return "-"
    if held == compared:
        return "100 %"
    return f"{min(100 * held / compared, 99.999):.3f} %"


def _table(report: ReplayReport) -> Iterator[str]:
    groups = [report.groups[key] for key in sorted(report.groups)]
    aspects = [name for name in (*ASPECTS, BITS) if any(group.compared[name] for group in groups)]
    heads = ("basis", "model", "decisions", *(name.replace("_", " ") for name in aspects), "identical")
    rows = [heads, *(_cells(group, aspects) for group in groups)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cells(group: ReplayGroup, aspects: Sequence[str]) -> tuple[str, ...]:
    shares = (share(group.held[name], group.compared[name]) for name in aspects)
    identical = share(group.identical, group.decisions)
    return (group.basis, group.model or "-", f"{group.decisions:,}", *shares, identical)


def _remarks(report: ReplayReport) -> Iterator[str]:
    for reason, count in report.not_recomputed.most_common():
        yield f"{count:,} could not be recomputed: {reason}"
    for runtime, count in report.runtimes.most_common():
        yield f"{count:,} were decided under {runtime or 'an unknown runtime'}; this is {RUNTIME}"
    if report.features:
        shown = [f"{name} in {count:,}" for name, count in report.features.most_common(MAX_FEATURES_SHOWN)]
        more = len(report.features) - len(shown)
        yield f"features that differ: {', '.join(shown)}{f', {more:,} more' if more else ''}"


def _first_difference(report: ReplayReport) -> Iterator[str]:
    if not report.first:
        return
    comparison: DecisionComparison = report.first[0]
    place = place_of(comparison)
    yield (
        f"first difference: {place['stream']}, revision {place['revision']}, decided {place['decided_at']},"
        f" seq {place['seq']} of order {place['order']}"
    )
    width = max(len(each.field) for each in comparison.differences)
    for each in comparison.differences:
        yield f"  {each.field.ljust(width)}  logged {each.logged}  replayed {each.replayed}"
