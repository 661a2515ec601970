"""Return freed memory to the operating system between the steps of a long run."""

import ctypes
import gc

import pyarrow as pa


def give_back_free_memory() -> None:
    """Return memory that the allocators of Python and Arrow keep for reuse.

    Otherwise a step that needs much memory would add to the peak of every later step.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only in the GNU C library
    if trim is not None:
        trim(0)
