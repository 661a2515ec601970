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
from benchmarks.faults.drive import Installation
from benchmarks.faults.injected import BY_NAME, Fault
from benchmarks.faults.installation import automate, installation
from benchmarks.faults.outcomes import HOUR, Fired, fired_since, trips_since

DAY = timedelta(days=1)
AFTERWARDS = timedelta(hours=1)  # of a fault that goes on, to see what its alert does by itself


def inject(fault: Fault, into: Installation) -> dict[str, Any]:
    """Inject a fault now; returns what came of it."""
    span = Span(into.now, into.now + fault.lasts)
    if fault.change:
        into.replace_traffic(fault.change(into.frame, span))
    with into.running():
        into.longest_step = fault.step
        with fault.machine(into) if fault.machine else nullcontext():
            while into.now < span.until and not (fault.ends_when_named and naming(fault, span)):
                into.run_until(min(into.now + DAY, span.until))
        into.run_until(span.until + fault.recovers if fault.recovers else into.now + AFTERWARDS)
    return result_of(fault, span)


def naming(fault: Fault, span: Span) -> Fired | None:
    """The first alert that named the fault."""
    return next((each for each in fired_since(span.since) if each.names(fault.cause)), None)


def result_of(fault: Fault, span: Span) -> dict[str, Any]:
    fired, named = fired_since(span.since), naming(fault, span)
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
    automate()
    started = installation(pd.read_parquet(options.frame), now=options.at)
    options.out.write_bytes(orjson.dumps(inject(BY_NAME[options.fault], started)))


if __name__ == "__main__":
    main()
