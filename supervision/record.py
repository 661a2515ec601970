"""A file that records running and ended processes, for the admin pages and the supervisor's next start."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MAX_EXITS = 200
FILE = "processes.json"


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """A process that ended on its own at a time (seconds since 1970), after running for `seconds`."""

    name: str
    at: float
    code: int
    seconds: float
    last_line: str = ""


@dataclass(slots=True)
class ProcessRecord:
    """`running` maps names to process ID and creation time, because an ID alone may be reused."""

    path: Path
    running: dict[str, tuple[int, float]] = field(default_factory=dict)
    exits: list[ProcessExit] = field(default_factory=list)

    def record_start(self, name: str, pid: int, created: float) -> None:
        self.running[name] = (pid, created)
        self.write()

    def record_exit(self, ended: ProcessExit) -> None:
        self.running.pop(ended.name, None)
        self.exits = [*self.exits, ended][-MAX_EXITS:]
        self.write()

    def record_stop(self, name: str) -> None:
        self.running.pop(name, None)
        self.write()

    def write(self) -> None:
        content = {"running": self.running, "ends": [asdict(each) for each in self.exits]}
        temporary = self.path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(content))
        temporary.replace(self.path)


def read_record(var: Path) -> ProcessRecord:
    """The record under `var`; empty if there is none or it cannot be read."""
    path = var / FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        running = {name: (int(pid), float(created)) for name, (pid, created) in content["running"].items()}
        return ProcessRecord(path, running, [_read_exit(each) for each in content["ends"]])
    except (OSError, ValueError, TypeError, KeyError):
        return ProcessRecord(path)


def _read_exit(entry: dict[str, Any]) -> ProcessExit:
    last_line = entry.get("last_line", "")  # missing in files of earlier versions
    return ProcessExit(entry["name"], entry["at"], entry["code"], entry["seconds"], last_line)


def describe_code(code: int) -> str:
    """An exit code in words.

    >>> describe_code(-9), describe_code(1), describe_code(137)
    ('SIGKILL (killed)', 'exit code 1', 'exit code 137 (killed)')
    """
    if code == UNKNOWN_CODE:
        return "an unknown exit code"
    if code < 0:
        return SIGNALS.get(-code, f"signal {-code}") + (" (killed)" if code == -9 else "")
    return f"exit code {code}" + (" (killed)" if code == 137 else "")


UNKNOWN_CODE = -1_000  # of a service: only a parent learns an exit code
SIGNALS = {1: "SIGHUP", 2: "SIGINT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
