"""Garbage collection while a long-lived process starts."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects from one collection to the next; Python's 700 are two events of a list. A list of 500 makes
# some ten thousands, none of them garbage until it is answered: collecting took a seventh of web's CPU time.
YOUNG_OBJECTS = 20_000


@contextmanager
def gc_paused() -> Iterator[None]:
    """Collect no garbage while the block loads long-lived objects, then exempt them from later collections.

    Garbage collection took a quarter of a worker's startup time. Later collections would visit every object
    of every module, pause the process for hundreds of milliseconds, and by writing to these objects unshare
    the memory of forked children. From then on young objects are collected less often.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        gc.enable()
