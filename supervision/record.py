"""What a supervisor notes down: who runs, and what has ended, for pages and for its next start."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MAX_ENDS = 200
FILE = "processes.json"


@dataclass(frozen=True, slots=True)
class End:
    """A process that ended by itself: at a time (seconds since 1970), with an exit code, after so long."""

    name: str
    at: float
    code: int
    seconds: float
    said: str = ""  # its last line


@dataclass(slots=True)
class Record:
    """`running` has a process and its start time by name: a number alone may be reused."""

    path: Path
    running: dict[str, tuple[int, float]] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)

    def note_start(self, name: str, pid: int, created: float) -> None:
        self.running[name] = (pid, created)
        self.write()

    def note_end(self, end: End) -> None:
        self.running.pop(end.name, None)
        self.ends = [*self.ends, end][-MAX_ENDS:]
        self.write()

    def note_stop(self, name: str) -> None:
        self.running.pop(name, None)
        self.write()

    def write(self) -> None:
        content = {"running": self.running, "ends": [asdict(end) for end in self.ends]}
        temporary = self.path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(content))
        temporary.replace(self.path)


def read_record(var: Path) -> Record:
    """What was noted last; empty where nothing was, or where it cannot be read."""
    path = var / FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        running = {name: (int(pid), float(created)) for name, (pid, created) in content["running"].items()}
        return Record(path, running, [End(**end) for end in content["ends"]])
    except (OSError, ValueError, TypeError, KeyError):
        return Record(path)


def describe_code(code: int) -> str:
    """An exit code in words.

    >>> describe_code(-9), describe_code(1), describe_code(137)
    ('SIGKILL (killed)', 'exit code 1', 'exit code 137 (killed)')
    """
    if code == UNKNOWN:
        return "an unknown exit code"
    if code < 0:
        return SIGNALS.get(-code, f"signal {-code}") + (" (killed)" if code == -9 else "")
    return f"exit code {code}" + (" (killed)" if code == 137 else "")


UNKNOWN = -1_000  # of a service, which is no child of the supervisor's
SIGNALS = {1: "SIGHUP", 2: "SIGINT", 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
