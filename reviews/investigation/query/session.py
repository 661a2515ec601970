"""A DuckDB connection for one query: bounded in time, memory and threads, and in how many run at once."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.conf import settings

from reviews.investigation.errors import ConsoleBusy, QueryCancelled, QueryTooLarge, QueryTooSlow
from reviews.investigation.query.running import Run, cancelable
from scoring.offline.store import OfflineStore

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_MEMORY = "1GB"
MAX_RUNNING = 2  # queries of a process; more would slow each other down
WAIT_SECONDS = 1.0  # for another query to end

_running = threading.BoundedSemaphore(MAX_RUNNING)


class Session:
    """Runs the statements of one query. All of them together may take `seconds`."""

    def __init__(self, connection: "DuckDBPyConnection", *, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._cancelled = False
        self._ends_at = monotonic() + seconds

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement. Raises QueryTooSlow, QueryTooLarge, QueryCancelled."""
        with self._limited():
            return self._connection.execute(sql, dict(parameters or {})).fetchall()

    def cancel(self) -> None:
        """Stop the statement that runs, and refuse further ones. For another thread."""
        self._cancelled = True
        self._connection.interrupt()

    @contextmanager
    def _limited(self) -> Iterator[None]:
        import duckdb  # noqa: PLC0415

        if self._cancelled:
            raise QueryCancelled
        left = self._ends_at - monotonic()
        if left <= 0:
            raise QueryTooSlow(limit=self._seconds)
        timer = threading.Timer(left, self._connection.interrupt)
        timer.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise (QueryCancelled() if self._cancelled else QueryTooSlow(limit=self._seconds)) from error
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge from error
        finally:
            timer.cancel()


@contextmanager
def open_session(
    store: OfflineStore, *, seconds: float | None = None, run: Run | None = None
) -> Iterator[Session]:
    """A session that reads the files of a store, of settings.INVESTIGATION_SECONDS if no time is given.

    With a `run` it stops when that is cancelled or replaced by another one of its user.
    Raises ConsoleBusy if MAX_RUNNING others do not end.
    """
    import duckdb  # noqa: PLC0415 (30 MB, only where the console is used)

    if not _running.acquire(timeout=WAIT_SECONDS):
        raise ConsoleBusy(limit=MAX_RUNNING)
    try:
        with duckdb.connect(config=_limits()) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            if not store.is_local():
                connection.register_filesystem(store.filesystem)
            session = Session(connection, seconds=seconds or settings.INVESTIGATION_SECONDS)
            with cancelable(run, session.cancel) if run else nullcontext():
                yield session
    finally:
        _running.release()


def _limits() -> dict[str, Any]:
    return {
        "threads": settings.INVESTIGATION_THREADS,
        "memory_limit": MAX_MEMORY,
        "temp_directory": "",  # what does not fit in memory is refused, not written to disk
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
