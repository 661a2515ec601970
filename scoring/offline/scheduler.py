"""The Dask cluster in the settings. Import this module lazily: importing Dask takes 0.2 s."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from distributed import Client, LocalCluster

from scoring.offline.errors import SchedulerUnreachable

LOCAL = "local:"
CONNECT_WITHIN = "20s"


@contextmanager
def connected(scheduler: str) -> Iterator[Client]:
    """A client of the cluster, which is started first if it is local. Raises SchedulerUnreachable.

    Tasks that need Django register `worker.DjangoSetUp` first.
    """
    with ExitStack() as stack:
        try:
            client = stack.enter_context(_open_client(scheduler, stack))
        except (OSError, ValueError) as error:
            raise SchedulerUnreachable(scheduler, str(error)) from error
        yield client


def _open_client(scheduler: str, stack: ExitStack) -> Client:
    if not scheduler.startswith(LOCAL):
        return Client(scheduler, timeout=CONNECT_WITHIN)
    processes = int(scheduler.removeprefix(LOCAL))
    cluster = LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=":0")
    return Client(stack.enter_context(cluster))
