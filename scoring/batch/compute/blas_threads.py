"""One thread for BLAS: the same bits on any machine, and several times as fast on small matrices."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController


class _SharedLimit:
    """A limit on the whole process, from when its first user enters until its last one leaves.

    Limits of several threads that each restore what they found would lift each other's.
    """

    def __init__(self) -> None:
        self._lock, self._users, self._limit = Lock(), 0, ExitStack()

    def enter(self) -> None:
        with self._lock:
            if not self._users:
                self._limit.enter_context(_thread_pools().limit(limits=1, user_api="blas"))
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._limit.close()


_limit = _SharedLimit()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """BLAS uses one thread while any thread of the process is inside."""
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the libraries that are loaded: too slow for each use
