"""Free memory goes back to the system, and what is available is known."""

import ctypes
from pathlib import Path

import psutil
import pytest

from scoring.free_memory import available_memory, give_back_free_memory

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


def test_the_available_memory_is_that_of_the_machine_without_a_limit(tmp_path: Path) -> None:
    free = psutil.virtual_memory().available
    assert available_memory(tmp_path) == pytest.approx(free, rel=0.2)
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path) == pytest.approx(free, rel=0.2)


def test_the_limit_of_a_container_counts_without_cached_files(tmp_path: Path) -> None:
    for name, text in (("max", "9000\n"), ("current", "6000\n"), ("stat", "anon 5000\ninactive_file 700\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert available_memory(tmp_path) == 9000 - 6000 + 700
