"""Memory that a finished step leaves in this process goes back to the system before the next one begins."""

import ctypes
import gc

import pyarrow as pa


def give_back_free_memory() -> None:
    """Give back what the allocators of Python and Arrow keep for later.

    Both keep what was freed: a step that needs much would add to the peak of every step after it.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library alone
    if trim is not None:
        trim(0)
