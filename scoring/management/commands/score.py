"""`manage.py score --model payment-3 --since 2026-01-01 --out scores/`: score a period by any version."""

import os
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from scoring.errors import ScoringError
from scoring.learning.result_sets.files import SetManifest
from scoring.learning.result_sets.score import ScoringRequest, score_period
from scoring.management.arguments import EARLIEST, integer, read_directory, read_moment, read_scored_type
from scoring.management.bars import StepProgressBars
from scoring.management.outcomes import (
    add_json_option,
    answer_is_no,
    as_command_error,
    bad_argument,
    write_json,
)


class Command(BaseCommand):
    help = (
        "Score the events of a period by any model version, with the numbers that it gives live, into Parquet"
        " files. After an interruption, the same command continues. Exits with 3 if there are no events."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--model", required=True, help="a model name from `manage.py models`")
        parser.add_argument(
            "--event-type", type=read_scored_type, help="the event type (default: the model's)"
        )
        parser.add_argument(
            "--since", "--from", type=read_moment, default=EARLIEST, help="start of the events' time range"
        )
        parser.add_argument(
            "--until",
            "--to",
            type=read_moment,
            help="end of the time range, exclusive (default: now, or that of the run to continue)",
        )
        parser.add_argument(
            "--out",
            type=read_directory,
            required=True,
            metavar="URL",
            help="the directory to write to: a path, or any fsspec URL",
        )
        parser.add_argument(
            "--explanations", action="store_true", help="add the contribution of every feature to the margin"
        )
        parser.add_argument(
            "--threads",
            type=integer(minimum=1, maximum=256),
            default=os.cpu_count() or 1,
            help="threads of XGBoost (default: %(default)s)",
        )
        parser.add_argument("--anew", action="store_true", help="replace the result set that is there")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        now = timezone.now()
        if options["since"] >= (options["until"] or now):
            raise bad_argument("--since must be before --until (default: now)")
        request = ScoringRequest(
            model=options["model"],
            event_type=options["event_type"],
            since=options["since"],
            until=options["until"],
            out=options["out"],
            explanations=options["explanations"],
        )
        try:
            with StepProgressBars() as bar:
                manifest = score_period(
                    request, now=now, threads=options["threads"], anew=options["anew"], watch=bar
                )
        except (ScoringError, OSError) as error:
            raise as_command_error(error) from error
        result = describe_set(manifest, request.out) | {"seconds": round(time.perf_counter() - started, 3)}
        if options["json"]:
            write_json(self.stdout, result)
        else:
            self.stdout.write(result_line(result))
        if not manifest.rows:
            raise answer_is_no(f"{request.model}: no events occurred in that period")


def describe_set(manifest: SetManifest, url: str) -> dict[str, Any]:
    """The result set as JSON values."""
    described = manifest.description
    return {
        "model": described.model,
        "event_type": described.event_type,
        "since": described.since,
        "until": described.until,
        "out": url,
        "files": len(manifest.files),
        "rows": manifest.rows,
        "outcomes": dict(manifest.outcomes),
    }


def result_line(result: Mapping[str, Any]) -> str:
    """A readable summary."""
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in result["outcomes"].items())
    return (
        f"{result['rows']:,} {result['event_type']} events scored by {result['model']} to {result['out']}"
        f" ({result['files']} files, {result['seconds']:,.1f} s): {outcomes or 'none'}"
    )
