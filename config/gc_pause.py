"""How processes that live long start."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Look for no garbage while the block loads what stays: that alone took a quarter of a worker's start.

    What is there at its end is left out of later collections too. Each would look at every object of every
    module, hundreds of milliseconds in which nobody is served, and by writing to all of them it would end
    what children share with their parent.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
