"""Measures which tests execute which line and how long each takes, once per room and without mutants."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest

# Fixtures that start processes, whose execution is not measured: such a test may execute any line.
STARTS_PROCESSES = {"process_environment", "celery_worker_process"}


@dataclass
class Measurements:
    """Seconds per test, the tests that execute each line by file, and the tests that start processes."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    process_starters: set[str] = field(default_factory=set)

    def exclude(self, tests: set[str]) -> None:
        """Exclude tests that fail without any mutant."""
        self.seconds = {test: seconds for test, seconds in self.seconds.items() if test not in tests}
        self.process_starters -= tests
        for found in self.lines.values():
            found.update({line: asked - tests for line, asked in found.items()})

    def save(self, path: Path) -> None:
        numbers = {test: number for number, test in enumerate(self.seconds)}
        lines = {
            file: {line: sorted(numbers[test] for test in tests) for line, tests in found.items()}
            for file, found in self.lines.items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({"seconds": self.seconds, "lines": lines, "starters": sorted(self.process_starters)})
        )

    @classmethod
    def load(cls, path: Path) -> "Measurements":
        stored = json.loads(path.read_text())
        tests = list(stored["seconds"])
        lines = {
            file: {int(line): {tests[number] for number in numbers} for line, numbers in found.items()}
            for file, found in stored["lines"].items()
        }
        return cls(stored["seconds"], lines, set(stored["starters"]))


class Recorder:
    """A pytest plugin that runs in the child and finally stores the measurements of the passing tests."""

    def __init__(self, project: Path, files: Sequence[str], output: Path) -> None:
        self.project, self.files, self.output = project, files, output
        self.measured = Measurements()
        self.failed: set[str] = set()
        include = [str(project / file) for file in files]
        self.coverage = coverage.Coverage(data_file=None, include=include, config_file=False)

    def pytest_load_initial_conftests(self) -> None:
        self.coverage.start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        if STARTS_PROCESSES & set(getattr(item, "fixturenames", ())):
            self.measured.process_starters.add(item.nodeid)
        result = yield
        self.coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = self.measured.seconds
        seconds[report.nodeid] = round(seconds.get(report.nodeid, 0.0) + report.duration, 4)
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        for file in self.files:
            for line, tests in data.contexts_by_lineno(str(self.project / file)).items():
                self.measured.lines[file][line] = set(filter(None, tests))
        self.measured.exclude(self.failed)
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self.measured.save(self.output)


def fingerprint(project: Path, paths: Iterable[str], tests: Sequence[str]) -> str:
    """What a measurement is good for: these files as they are, and these tests."""
    digest = hashlib.sha256("\0".join(tests).encode())
    for path in sorted(paths):
        digest.update(path.encode() + b"\0" + (project / path).read_bytes())
    return digest.hexdigest()[:16]
