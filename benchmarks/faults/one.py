"""One fault, in a process of its own: `python -m benchmarks.faults.one NAME --at TIME --frame F --out FILE`.

Its database, Redis and offline store are named by the environment (`benchmarks.faults.__main__`).
"""

import benchmarks.django_setup  # noqa: F401  isort:skip

from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from django.core.management import call_command

from benchmarks.faults.changes import Span
from benchmarks.faults.drive import STEP, Installation
from benchmarks.faults.injected import BY_NAME, Fault
from benchmarks.faults.installation import installation
from benchmarks.faults.outcomes import HOUR, fired_since, trips_since

DAY = timedelta(days=1)


def inject(fault: Fault, into: Installation) -> dict[str, Any]:
    """Inject a fault now; returns what came of it."""
    span = Span(into.now, into.now + fault.lasts)
    if fault.change:
        into.replace_traffic(fault.change(into.frame, span))
    with into.running():
        into.longest_step = fault.step
        with fault.machine(into) if fault.machine else nullcontext():
            into.run_until(span.until)
        into.longest_step = STEP
        into.run_until(span.until + fault.recovers)
    return result_of(fault, span)


def result_of(fault: Fault, span: Span) -> dict[str, Any]:
    fired = fired_since(span.since)
    named = next((each for each in fired if each.names(fault.cause)), None)
    return {
        "fault": fault.name,
        "lasts": fault.lasts / HOUR,
        "recovers": fault.recovers / HOUR,
        "named": named and named.as_data(),
        "fired": [each.as_data() for each in fired],
        "trips": trips_since(span.since),
    }


def main() -> None:
    parser = ArgumentParser(description="Inject one fault into a copy of an installation.")
    parser.add_argument("fault", choices=BY_NAME)
    parser.add_argument("--at", type=datetime.fromisoformat, required=True)
    parser.add_argument("--frame", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)  # a kept installation may be of an earlier version
    started = installation(pd.read_parquet(options.frame), now=options.at)
    options.out.write_bytes(orjson.dumps(inject(BY_NAME[options.fault], started)))


if __name__ == "__main__":
    main()
