"""`make mutants`: does a room's test notice when its code breaks? A sample of each room, or what is named.

The project is copied; each mutant is written into the copy, and the tests of its room run until one fails. A
mutant that none of them notices survives: write the test that a user would have wanted, or explain in
`survivors.toml` why nothing can be lost by it.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from mutants.operators import Mutant, find_mutants
from mutants.rooms import ROOMS, Room

PROJECT = Path(__file__).resolve().parent.parent
SURVIVORS = Path(__file__).with_name("survivors.toml")
SAMPLE = 25
SEED = 20261129
MOST_TIMES_AS_LONG, PATIENCE_S = 3.0, 60.0  # beyond that the tests hang, which a developer would notice
NO_TESTS = 5  # pytest's exit code
GOAL = 0.9


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    line: int
    before: str
    after: str
    outcome: str  # killed, survived, hung, explained
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    reasons = read_reasons(SURVIVORS)
    chosen = {name: choose(ROOMS[name], options) for name in options.room or ROOMS}
    if options.list:
        for mutants in chosen.values():
            print(
                *(f"{mutant.name}\n    {mutant.before}\n    {mutant.after}" for mutant in mutants), sep="\n"
            )
        return 0
    results: dict[str, list[Result]] = {}
    with copied_project(PROJECT) as copy:
        for name, mutants in chosen.items():
            limits = _time_green(copy, ROOMS[name], name) if mutants else {}
            results[name] = [_tried(copy, limits, mutant, reasons) for mutant in mutants]
    _report(results)
    if options.output:
        rows = {name: [asdict(result) for result in found] for name, found in results.items()}
        options.output.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(score(found) >= GOAL for found in results.values()) else 1


def choose(room: Room, options: argparse.Namespace) -> list[Mutant]:
    """The mutants to try: those named, or a sample that is the same for the same seed and code."""
    found = [
        mutant
        for path in room.files(PROJECT)
        if not options.file or path in options.file
        for mutant in find_mutants(path, (PROJECT / path).read_text())
    ]
    if options.mutant:
        return [mutant for mutant in found if mutant.name in options.mutant]
    if options.all or len(found) <= options.sample:
        return found
    drawn = random.Random(options.seed).sample(found, options.sample)
    return sorted(drawn, key=lambda mutant: (mutant.path, mutant.edit[0]))


def read_reasons(path: Path) -> dict[str, str]:
    """Why a survivor loses nobody anything, by the mutant's name."""
    return {entry["mutant"]: entry["reason"] for entry in tomllib.loads(path.read_text()).get("survivor", [])}


def score(results: Sequence[Result]) -> float:
    """The share of the mutants that was noticed, of those that change anything a user could lose."""
    counted = [result for result in results if result.outcome != "explained"]
    return sum(result.outcome != "survived" for result in counted) / len(counted) if counted else 1.0


@contextmanager
def copied_project(project: Path) -> Iterator[Path]:
    """A copy of what git knows of, with services of its own that keep running from one mutant to the next."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        copy = Path(place) / "project"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=project, capture_output=True, check=True, text=True,
        )  # fmt: skip
        for name in filter(None, listed.stdout.split("\0")):
            if (project / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(project / name, copy / name)
        environment = os.environ | {"ASSAY_VAR": str(copy / "var" / "test")}
        services = [sys.executable, "manage.py", "services"]
        subprocess.run([*services, "start"], cwd=copy, env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            yield copy
        finally:
            subprocess.run(
                [*services, "stop"], cwd=copy, env=environment, check=True, stdout=subprocess.DEVNULL
            )


def _tried(copy: Path, limits: dict[str, float], mutant: Mutant, reasons: dict[str, str]) -> Result:
    place = copy / mutant.path
    original = place.read_text()
    place.write_text(mutant.apply(original))
    started = time.monotonic()
    try:
        outcome = _outcome(copy, limits)
    finally:
        place.write_text(original)
    if outcome == "survived" and mutant.name in reasons:
        outcome = "explained"
    seconds = time.monotonic() - started
    print(
        f"{outcome:9} {seconds:4.0f} s  {mutant.name}\n      - {mutant.before}\n      + {mutant.after}",
        flush=True,
    )
    return Result(mutant.name, mutant.line, mutant.before, mutant.after, outcome, round(seconds, 1))


def _outcome(copy: Path, limits: dict[str, float]) -> str:
    for tests, limit in limits.items():
        try:
            code = run_tests(copy, tests, timeout=limit)
        except subprocess.TimeoutExpired:
            return "hung"
        if code not in (0, NO_TESTS):
            return "killed"
    return "survived"


def run_tests(copy: Path, tests: str, *, timeout: float | None = None) -> int:
    """pytest's exit code, at the first failure. Raises TimeoutExpired, with everything it started ended."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--reuse-db", "-p", "no:cacheprovider", tests]
    process = subprocess.Popen(
        command, cwd=copy, env=os.environ | {"ASSAY_TEST_VAR": str(copy / "var" / "test")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(timeout=timeout)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _time_green(copy: Path, room: Room, name: str) -> dict[str, float]:
    """How long each of the room's tests may take, by what they take without a mutant. They have to pass."""
    limits = {}
    for tests in room.tests:
        started = time.monotonic()
        if run_tests(copy, tests) not in (0, NO_TESTS):
            sys.exit(f"{name}: {tests} fails without any mutant; mend that first.")
        limits[tests] = MOST_TIMES_AS_LONG * (time.monotonic() - started) + PATIENCE_S
    return limits


def _report(results: dict[str, list[Result]]) -> None:
    print()
    for name, found in results.items():
        counts = Counter(result.outcome for result in found)
        listed = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        print(f"{name:12} {score(found):4.0%} noticed  ({listed})")
    left = [result for found in results.values() for result in found if result.outcome == "survived"]
    for result in left:
        print(f"survived: {result.name}, line {result.line}\n  - {result.before}\n  + {result.after}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutants.run", description=__doc__)
    parser.add_argument("--room", action="append", choices=list(ROOMS), help="one of several; default: all")
    parser.add_argument("--file", action="append", help="of the room only this file")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"mutants a room (default: {SAMPLE})")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--all", action="store_true", help="every mutant: hours")
    parser.add_argument("--mutant", action="append", help="only this one, by its name")
    parser.add_argument("--list", action="store_true", help="show what would be tried")
    parser.add_argument("--output", type=Path, help="the results as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
