"""Free memory goes back to the system."""

import ctypes

import psutil
import pytest

from scoring.free_memory import give_back_free_memory

MEBIBYTE = 1 << 20


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs the GNU C library")
def test_what_was_freed_leaves_the_process() -> None:
    process = psutil.Process()
    blocks = [bytes(60_000) for _ in range(5_000)]  # below the size that is mapped by itself
    pinned = blocks[-1]  # keeps the top of the heap in use
    held = process.memory_info().rss
    del blocks
    give_back_free_memory()
    assert process.memory_info().rss < held - 200 * MEBIBYTE
    assert len(pinned) == 60_000
