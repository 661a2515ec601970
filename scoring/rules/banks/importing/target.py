"""How files are imported into hash banks."""

import io
from collections.abc import Iterator
from datetime import datetime

from scoring.rules.banks.changing.adding import add_checked_items, count_item_changes
from scoring.rules.banks.changing.defining import find_open_bank
from scoring.rules.banks.changing.items import CheckedItem
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.banks.importing.columns import COLUMNS
from scoring.rules.banks.importing.indicators import read_indicators
from scoring.rules.banks.importing.tables import read_table
from scoring.rules.banks.importing.video_files import is_video_file, read_video_file
from scoring.rules.lists.importing.lines import GoodLine, LineDefaults, RejectedLine
from scoring.rules.lists.importing.target import ImportTarget
from scoring.rules.lists.models import ListImport

_MAX_BLANK = 4_096  # bytes of the file's beginning that are looked at
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_items(
    file: io.BufferedReader, definition: BankDefinition, *, defaults: LineDefaults, now: datetime
) -> Iterator[GoodLine | RejectedLine]:
    """Every item of a file, checked: of ThreatExchange's JSON, of CSV, of plain text, or one video as vPDQ
    writes it; see the readers.
    """
    start = file.peek(_MAX_BLANK).removeprefix(_BYTE_ORDER_MARK).lstrip()
    if is_video_file(start):
        return read_video_file(file, definition, defaults=defaults, now=now)
    read = read_indicators if start[:1] in (b"{", b"[") else read_table
    return read(file, definition, defaults=defaults, now=now)


def _key_of(item: CheckedItem) -> bytes:
    return bytes.fromhex(item.hash)


INTO_BANK = ImportTarget(
    into=ListImport.Into.BANK,
    task="scoring.rules.banks.importing.tasks.run_bank_import",
    columns=COLUMNS,
    find_open=find_open_bank,
    read=read_items,
    key_of=_key_of,
    count=count_item_changes,
    add=add_checked_items,
)
