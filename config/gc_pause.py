"""Garbage collection while a long-lived process starts."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Collect no garbage while the block loads long-lived objects, then exempt them from later collections.

    Collections took a quarter of a worker's start. Later ones would look at every object of every module,
    hundreds of milliseconds in which nothing is answered, and by writing to all of them end what forked
    children share with their parent.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
