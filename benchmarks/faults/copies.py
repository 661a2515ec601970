"""Copies of an installation: every fault begins with one of the same database, Redis and offline store.

Needs the embedded services: copies are databases of the same server.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis
from psycopg2 import sql

from embedded import services

SAVED = 1  # the Redis database and the suffix of the PostgreSQL database that copies are made of


def database_url(var: Path, number: int) -> str:
    """The address of a copy of the database; 0 is the original."""
    parts = urlsplit(services.database_url(var))
    return urlunsplit(parts._replace(path=_name(var, number)))


def redis_url(var: Path, number: int) -> str:
    return f"{services.redis_url(var)}?db={number}"


def offline_directory(var: Path, number: int) -> Path:
    return var / (f"offline-{number}" if number else "offline")


def copy(var: Path, *, source: int, target: int) -> None:
    """Make `target` the same as `source`, to which nobody may be connected."""
    remove(var, target)
    with _server(var) as cursor:
        names = [sql.Identifier(_name(var, number)) for number in (target, source)]
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    with closing(redis.Redis.from_url(redis_url(var, source))) as client:
        for key in client.scan_iter(count=1_000):
            client.copy(key, key, destination_db=target, replace=True)
    if offline_directory(var, source).exists():
        shutil.copytree(offline_directory(var, source), offline_directory(var, target))


def remove(var: Path, number: int) -> None:
    with _server(var) as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(_name(var, number))))
    with closing(redis.Redis.from_url(redis_url(var, number))) as client:
        client.flushdb()
    shutil.rmtree(offline_directory(var, number), ignore_errors=True)


def _name(var: Path, number: int) -> str:
    original = urlsplit(services.database_url(var)).path.lstrip("/")
    return f"{original}_{number}" if number else original


@contextmanager
def _server(var: Path) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor on another database of the server."""
    address = urlunsplit(urlsplit(services.database_url(var))._replace(path="postgres"))
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
