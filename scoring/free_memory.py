"""How much memory is available, and giving back what a step of a long run has freed."""

import ctypes
import gc
from pathlib import Path

import psutil
import pyarrow as pa

CGROUP = Path("/sys/fs/cgroup")


def give_back_free_memory() -> None:
    """Return memory that the allocators of Python and Arrow keep for reuse.

    Otherwise a step that needs much memory would add to the peak of every later step.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only in the GNU C library
    if trim is not None:
        trim(0)


def available_memory(cgroup: Path = CGROUP) -> int:
    """Bytes that processes can take without swapping, within the limit of a container (cgroup v2)."""
    available = int(psutil.virtual_memory().available)
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        counts = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no such files, or "max": no limit
        return available
    cached = int(counts.get("inactive_file", 0))  # of files, given up first
    return max(0, min(available, limit - used + cached))
