"""Install a lock file into this environment and show the progress: pip alone is silent for minutes.

`python tools/install_packages.py requirements.lock`. It needs the standard library and pip alone.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, Queue
from sysconfig import get_path
from threading import Thread
from typing import TextIO

COLLECTING = re.compile(r"^Collecting ([\w.-]+)")
INSTALLING = re.compile(r"^Installing collected packages: (.+)$")
TERMINAL_SECONDS, FILE_SECONDS = 0.5, 10.0  # between two reports


class Progress:
    """What pip is doing, told by its output and by the packages that are there."""

    def __init__(self, total: int, site_packages: Path) -> None:
        self.total, self.site_packages = total, site_packages
        self.collected = 0
        self.current = ""
        self.installing: list[str] = []

    def read(self, line: str) -> None:
        if match := COLLECTING.match(line):
            self.collected, self.current = self.collected + 1, match[1]
        elif match := INSTALLING.match(line):
            self.installing = match[1].strip().split(", ")

    def report(self) -> str:
        """One line: the step, how many packages are done, and the one in hand."""
        if not self.installing:
            return f"downloading {self.collected} of {self.total}: {self.current or 'reading the list'}"
        installed = self._installed()
        missing = [name for name in self.installing if normalized(name) not in installed]
        done = len(self.installing) - len(missing)
        return f"installing {done} of {len(self.installing)}: {missing[0] if missing else 'finishing'}"

    def _installed(self) -> set[str]:
        """pip writes a package's RECORD last."""
        records = self.site_packages.glob("*.dist-info/RECORD")
        return {normalized(record.parent.name.partition("-")[0]) for record in records}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def count_packages(lock: str) -> int:
    return len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE))


def main(lock: Path) -> int:
    progress = Progress(count_packages(lock.read_text()), Path(get_path("purelib")))
    print(f"Installing {progress.total} packages into {sys.prefix}: a few minutes, 2 GB.")
    started = time.monotonic()
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes"]
    with subprocess.Popen(
        [*command, "-r", str(lock)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as pip:
        output = show(lines_of(pip.stdout or iter(())), progress, sys.stdout)
    status = pip.returncode
    print(f"Done in {time.monotonic() - started:.0f} s." if status == 0 else output)
    return status


def lines_of(stream: Iterable[str]) -> Iterator[str | None]:
    """The stream's lines as they come, and None each time that nothing came for a while."""
    lines: Queue[str] = Queue()
    Thread(target=_read_into, args=(stream, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=TERMINAL_SECONDS)
        except Empty:
            yield None
            continue
        if not line:
            return
        yield line


def _read_into(stream: Iterable[str], lines: "Queue[str]") -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def show(lines: Iterable[str | None], progress: Progress, out: TextIO) -> str:
    """Report while lines arrive; returns all of them."""
    read: list[str] = []
    pause = TERMINAL_SECONDS if out.isatty() else FILE_SECONDS
    reported = 0.0
    for line in lines:
        if line:
            read.append(line)
            progress.read(line)
        if time.monotonic() - reported >= pause:
            reported = time.monotonic()
            out.write(f"\r\033[K  {progress.report()}" if out.isatty() else f"  {progress.report()}\n")
            out.flush()
    if out.isatty():
        out.write("\r\033[K")
    return "".join(read)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
