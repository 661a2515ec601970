"""Garbage collection while a long-lived process starts."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Collect no garbage while the block loads long-lived objects, then exempt them from later collections.

    Garbage collection took a quarter of a worker's startup time. Later collections would visit every object
    of every module, pause the process for hundreds of milliseconds, and by writing to these objects unshare
    the memory of forked children.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
