"""What a file can be imported into: a list of values, or a bank of hashes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scoring.rules.lists.changing.defining import find_open_list
from scoring.rules.lists.changing.listing import Added, add_checked, count_changes
from scoring.rules.lists.changing.values import CheckedValue
from scoring.rules.lists.importing.lines import COLUMNS, GoodLine, RejectedLine, read_lines
from scoring.rules.lists.models import ListImport


class CountedChanges(Protocol):
    """What adding values would do."""

    new: Any
    replaced: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """How files are imported into one kind of thing; `definition` and `value` are what these functions share.

    `into`: of the imports' rows. `task`: the Celery task that runs a step. `find_open(name)` gives the
    definition, and raises for one that is unknown or archived. `read(file, definition, defaults=, now=)`
    gives lines. `key_of(value)` is equal for equal values. `count` and `add` take the definition and checked
    values.
    """

    into: ListImport.Into
    task: str
    columns: Sequence[str]
    find_open: Callable[[str], Any]
    read: Callable[..., Iterator[GoodLine | RejectedLine]]
    key_of: Callable[[Any], bytes]
    count: Callable[..., CountedChanges]
    add: Callable[..., Added]


def _key_of(value: CheckedValue) -> bytes:
    return value.parsed.keys[0]


INTO_LIST = ImportTarget(
    into=ListImport.Into.LIST,
    task="scoring.rules.lists.importing.tasks.run_list_import",
    columns=COLUMNS,
    find_open=find_open_list,
    read=read_lines,
    key_of=_key_of,
    count=count_changes,
    add=add_checked,
)
