"""Speed and size of a hash bank in memory and in the database: `python -m benchmarks.banks [hashes]`.

Starts its own services in a temporary directory and imports a file of a million hashes, or as many as given,
into one bank. Prints the rate of the import, the time to load and the size in memory, and the CPU time of the
look-up of one picture with its rotations and flips, near one of the hashes and near none. `python -m
benchmarks.images` measures the search alone.
"""

import hashlib
import io
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management import call_command

from benchmarks.django_setup import VAR
from embedded import services
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import define_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.importing.in_one_go import import_file
from scoring.rules.banks.search.hits import media_of
from scoring.rules.banks.search.index import BankIndex
from scoring.rules.banks.search.loading import load_banks
from scoring.rules.banks.search.lookup import find_bank_hits
from scoring.rules.lists.importing.lines import LineDefaults
from scoring.rules.ruleset.stream import current_version, iter_changes

HASHES, ROUNDS = 1_000_000, 200
BANK = "bench"
NOW = datetime.now(UTC)


def hash_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def picture(text: str) -> dict[str, Any]:
    """An event with one picture of this hash."""
    variants = [text, *(hash_of(-place) for place in range(1, 8))]
    return {"media": [{"id": "m", "hashes": [variants], "quality": [90]}]}


def fill(hashes: int) -> float:
    """Import a file, and return the hashes added per second."""
    define_bank(name=BANK, title=BANK, action="block", actor="bench", now=NOW)
    lines = "".join(f"{hash_of(number)},90\n" for number in range(hashes))
    file = io.BufferedReader(io.BytesIO(f"hash,quality\n{lines}".encode()))  # type: ignore[type-var]
    started = time.perf_counter()
    defaults = LineDefaults("bench", None, "bench")
    import_file(file, bank=BANK, defaults=defaults, actor="bench", now=NOW)
    return hashes / (time.perf_counter() - started)


def milliseconds(work: Callable[[], Any], *, rounds: int) -> float:
    """CPU time a call, the best of five runs."""

    def run() -> Iterator[float]:
        for _ in range(5):
            started = time.process_time()
            for _ in range(rounds):
                work()
            yield (time.process_time() - started) / rounds * 1e3

    return min(run())


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def mib_of(index: BankIndex) -> float:
    table = index.tables[BANK]
    columns = table.columns
    arrays = (columns.ids, columns.expires_us, columns.removed, columns.quality)
    return (table.index.nbytes + sum(array.nbytes for array in arrays)) / 2**20


def measure(hashes: int) -> Iterator[tuple[str, float]]:
    yield "banks_imported_per_s", fill(hashes)
    version = current_version()
    took, index = seconds(lambda: load_banks(version))
    yield "banks_load_s", took
    yield "banks_mib", mib_of(index)
    near, far = picture(hash_of(7)), picture(hash_of(-9))
    yield (
        "banks_near_ms",
        milliseconds(lambda: index.hits(media_of(near), NOW, read_frames=list), rounds=ROUNDS),
    )
    yield (
        "banks_far_ms",
        milliseconds(lambda: index.hits(media_of(far), NOW, read_frames=list), rounds=ROUNDS),
    )
    took, _ = seconds(lambda: find_bank_hits(far, version=version, now=NOW))
    yield "banks_database_s", took
    items = [NewItem(hash_of(-100 - number), reason="bench") for number in range(1_000)]
    add_items(bank=BANK, items=items, actor="bench", now=NOW)
    changes = list(iter_changes(after=version))
    took, _ = seconds(lambda: index.after(changes))
    yield "banks_follow_1000_ms", took * 1e3


def main() -> None:
    settings.LOGGING_CONFIG = None
    services.start(VAR)
    try:
        call_command("migrate", verbosity=0)
        for name, figure in measure(int(sys.argv[1]) if len(sys.argv) > 1 else HASHES):
            sys.stdout.write(f"{name:24} {figure:12,.2f}\n")
            sys.stdout.flush()
    finally:
        services.stop(VAR)
        shutil.rmtree(VAR, ignore_errors=True)


if __name__ == "__main__":
    main()
