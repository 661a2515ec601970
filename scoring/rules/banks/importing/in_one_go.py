"""Import a file of hashes at once, as `manage.py import_bank` does: check every line, add the good ones."""

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from scoring.rules.banks.changing.adding import add_checked_items, count_item_changes
from scoring.rules.banks.changing.defining import find_open_bank
from scoring.rules.banks.importing.columns import COLUMNS
from scoring.rules.banks.importing.target import read_items
from scoring.rules.lists.importing.files import GZIP
from scoring.rules.lists.importing.lines import GoodLine, LineDefaults, RejectedLine
from scoring.rules.lists.importing.running import BATCH, RejectsFile, TextFile


@dataclass(slots=True)
class Imported:
    """What a file did, or would do. `replaced` of those added took the place of others."""

    lines: int = 0
    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: int = 0


def import_file(
    file: io.BufferedReader,
    *,
    bank: str,
    defaults: LineDefaults,
    actor: str,
    now: datetime,
    replace: bool = False,
    only_check: bool = False,
    rejects: TextFile | None = None,
    watch: Callable[[int], object] = lambda lines: None,
) -> Imported:
    """Add the items of a file, which may be compressed with gzip, in transactions of BATCH lines.

    `rejects` gets the rejected lines with reasons; `watch` is called with numbers of lines read. Importing a
    file twice changes nothing. Raises UnknownBank, BankArchived, UnreadableListFile.
    """
    definition = find_open_bank(bank)
    refused = RejectsFile(rejects, COLUMNS) if rejects else None
    done = Imported()
    lines = read_items(_opened(file), definition, defaults=defaults, now=now)
    for batch in _batches(lines):
        good = {line.value.hash: line.value for line in reversed(batch) if isinstance(line, GoodLine)}
        bad = [line for line in batch if isinstance(line, RejectedLine)]
        if refused:
            refused.write(bad)
        done.lines += len(batch)
        done.rejected += len(bad)
        done.unchanged += len(batch) - len(bad) - len(good)
        items = list(reversed(good.values()))
        if only_check:
            counted = count_item_changes(definition, items, now=now, replace=replace)
            done.added += len(counted.new)
            done.replaced += counted.replaced
            done.unchanged += counted.unchanged
        else:
            added = add_checked_items(definition, items, actor=actor, now=now, replace=replace)
            done.added += added.added
            done.replaced += added.replaced
            done.unchanged += added.unchanged
        watch(len(batch))
    if refused:
        refused.close()
    return done


def _opened(file: io.BufferedReader) -> io.BufferedReader:
    """The file, decompressed if it is one of gzip."""
    if file.peek(len(GZIP)).startswith(GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=file))
    return file


def _batches(lines: Iterator[GoodLine | RejectedLine]) -> Iterator[list[GoodLine | RejectedLine]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
