"""`make mutants`: mutation testing of a sample of each room, or of the mutants named.

The project is copied. Each mutant is written into the copy, and the tests that execute its line run, fastest
first, until one fails. A mutant that no test notices survives: add the missing test, or explain in
`survivors.toml` why the mutant does no harm.
"""

import argparse
import json
import os
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from mutants.copies import Copy, copied_project
from mutants.measure import Measurements, Recorder, fingerprint
from mutants.operators import Mutant, find_mutants
from mutants.rooms import ROOMS, Room
from mutants.run_order import RunOrder
from mutants.selection import choose_tests, invalidates_compiled_code
from mutants.warm import Hung, import_packages, log_of, run_pytest

PROJECT = Path(__file__).resolve().parent.parent
SURVIVORS = Path(__file__).with_name("survivors.toml")
MEASUREMENTS = PROJECT / "var" / "mutants"
SAMPLE = 40
SEED = 20261129
MAX_SLOWDOWN, EXTRA_SECONDS = 3.0, 30.0  # beyond this time limit the tests hang, which counts as noticed
MIN_SCORE = 0.9


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
    import_packages()
    results: dict[str, list[Result]] = {}
    with copied_project(PROJECT) as copy:
        for name, mutants in chosen.items():
            room = replace(ROOMS[name], tests=tuple(options.tests)) if options.tests else ROOMS[name]
            if mutants:
                results[name] = try_room(copy, name, room, mutants, reasons)
    _report(results)
    if options.output:
        rows = {name: [asdict(result) for result in found] for name, found in results.items()}
        options.output.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(score(found) >= MIN_SCORE for found in results.values()) else 1


def choose(room: Room, options: argparse.Namespace) -> list[Mutant]:
    """The mutants to test: those named, or a sample that depends on seed and code alone."""
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
    """Reasons why survivors do no harm, by the mutant's name, in which `*` matches anything."""
    return {entry["mutant"]: entry["reason"] for entry in tomllib.loads(path.read_text()).get("survivor", [])}


def score(results: Sequence[Result]) -> float:
    """The share of noticed mutants among those without an explanation."""
    counted = [result for result in results if result.outcome != "explained"]
    return sum(result.outcome != "survived" for result in counted) / len(counted) if counted else 1.0


def try_room(
    copy: Copy, name: str, room: Room, mutants: Sequence[Mutant], reasons: dict[str, str]
) -> list[Result]:
    texts = {path: (copy.path / path).read_text() for path in room.files(copy.path)}
    measured = measure(copy, name, room)
    results, noticed = [], set()
    for mutant in mutants:
        result, by = _try(copy, mutant, texts, measured)
        if result.outcome == "survived" and any(fnmatchcase(mutant.name, pattern) for pattern in reasons):
            result = replace(result, outcome="explained")
        print(f"{result.outcome:9} {result.seconds:4.0f} s  {mutant.name}", flush=True)
        print(f"      - {mutant.before}\n      + {mutant.after}\n      {by}", flush=True)
        results.append(result)
        noticed.add(by)
    _check_green(copy, name, sorted(noticed & measured.seconds.keys()))
    return results


def measure(copy: Copy, name: str, room: Room) -> Measurements:
    """Lines and times of the room's passing tests, cached until a source file changes."""
    sources = (path for pattern in ("*.py", "*.sql") for path in copy.path.rglob(pattern))
    files = [str(path.relative_to(copy.path)) for path in sources]
    cached = MEASUREMENTS / f"{name}-{fingerprint(copy.path, files, room.tests)}.json"
    if not cached.exists():
        recorder = Recorder(copy.path, room.files(copy.path), cached)
        copy.reset_stores()
        if run_pytest(copy.path, ["--reuse-db", *room.tests], [recorder]):
            print(f"{name}: some tests fail without any mutant and are excluded.\n{_end_of_log(copy)}")
        if not cached.exists():
            sys.exit(f"{name}: the tests did not run.")
    return Measurements.load(cached)


def _try(copy: Copy, mutant: Mutant, texts: dict[str, str], measured: Measurements) -> tuple[Result, str]:
    """The result for a mutant, and the test that noticed it."""
    started = time.monotonic()
    tests = choose_tests(mutant, texts, measured)
    limit = MAX_SLOWDOWN * sum(measured.seconds[test] for test in tests) + EXTRA_SECONDS
    order = RunOrder(tests)
    copy.reset_stores()
    with copy.with_file(mutant.path, mutant.apply(texts[mutant.path])), TemporaryDirectory() as empty:
        if invalidates_compiled_code(mutant, texts[mutant.path]):
            os.environ["NUMBA_CACHE_DIR"] = empty
        try:
            arguments = ["--reuse-db", "-x", *order.files]
            code = run_pytest(copy.path, arguments, [order], timeout=limit) if tests else 0
            outcome = "killed" if code else "survived"
        except Hung:
            outcome = "hung"
        finally:
            os.environ.pop("NUMBA_CACHE_DIR", None)
    seconds = round(time.monotonic() - started, 1)
    by = order.first_failed(log_of(copy.path)) if outcome == "killed" else f"{len(tests)} tests"
    return Result(mutant.name, mutant.line, mutant.before, mutant.after, outcome, seconds), by


def _check_green(copy: Copy, name: str, tests: Sequence[str]) -> None:
    """Check that the tests that noticed mutants pass without one."""
    order = RunOrder(tests)
    copy.reset_stores()
    if tests and run_pytest(copy.path, ["--reuse-db", *order.files], [order]):
        sys.exit(f"{name}: these tests are flaky.\n{_end_of_log(copy)}")


def _end_of_log(copy: Copy) -> str:
    return log_of(copy.path).read_text()[-4_000:]


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
    parser.add_argument(
        "--room", action="append", choices=list(ROOMS), help="a room; may be repeated (default: all)"
    )
    parser.add_argument("--file", action="append", help="only this file of the room")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"mutants per room (default: {SAMPLE})")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--all", action="store_true", help="every mutant (takes hours)")
    parser.add_argument("--mutant", action="append", help="only the mutant with this name")
    parser.add_argument("--tests", action="append", help="path of tests to run instead of the room's")
    parser.add_argument("--list", action="store_true", help="list the mutants without testing them")
    parser.add_argument("--output", type=Path, help="file for the results as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
