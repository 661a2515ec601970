"""The processes of the Procfile, kept running by `manage.py up` and `manage.py demo`."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from embedded import services
from serving.listening import FD_VARIABLE
from supervision.procfile import parse_procfile
from supervision.record import ProcessRecord
from supervision.supervisor import Program, Service, Supervisor

COLORS = (36, 33, 35, 32, 34, 96, 93)  # for process names, in the terminal's palette


def procfile_programs(environment: Mapping[str, str], *, listener: socket.socket) -> list[Program]:
    """The processes of the Procfile; web inherits a listening socket that outlives it.

    `texts` is left out while no embedding model is set.
    """
    paths = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    shared = dict(environment) | {"PATH": paths, "PYTHONUNBUFFERED": "1"}
    programs = []
    for name, command in parse_procfile((settings.BASE_DIR / "Procfile").read_text()).items():
        if name == "texts" and not settings.TEXT_EMBEDDINGS:
            continue
        own, files = shared, list[int]()
        if name == "web":
            own, files = shared | {FD_VARIABLE: str(listener.fileno())}, [listener.fileno()]
        programs.append(Program(name, command, own, settings.BASE_DIR, files))
    return programs


def embedded_services() -> list[Service]:
    return [
        Service(
            name,
            services.liveness_check(settings.VAR_DIR, name),
            services.starter_for(settings.VAR_DIR, name),
        )
        for name in settings.EMBEDDED_SERVICES
    ]


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a management command in its own process, so that its memory is freed afterwards."""
    result = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, env=environment, check=False
    )
    if result.returncode != 0:
        raise CommandError(f"`manage.py {' '.join(arguments)}` failed; see the messages above.")


def supervise(programs: Sequence[Program], record: ProcessRecord) -> None:
    """Keep programs running until Ctrl-C, a closed terminal or `kill`."""
    printer = Printer([program.name for program in programs])
    asyncio.run(_supervise(programs, record, printer))


async def _supervise(programs: Sequence[Program], record: ProcessRecord, printer: "Printer") -> None:
    await Supervisor(programs, record, printer.say, embedded_services()).run()


class Printer:
    """Prints log lines with their time and process."""

    def __init__(self, names: Sequence[str]) -> None:
        self.width = max(map(len, [*names, "supervisor"]))
        self.colors = {name: COLORS[place % len(COLORS)] for place, name in enumerate(names)}
        self.is_terminal = sys.stdout.isatty()

    def say(self, name: str, line: str) -> None:
        head = f"{datetime.now():%H:%M:%S} {name:<{self.width}} |"  # noqa: DTZ005 (the reader's clock)
        if self.is_terminal:
            head = f"\033[{self.colors.get(name, 31)}m{head}\033[0m"
        try:
            sys.stdout.write(f"{head} {line}\n")
            sys.stdout.flush()
        except OSError:  # the terminal was closed
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
