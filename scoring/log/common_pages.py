"""Pages of the log that several consumers read, fetched and parsed once for those at about one place."""

from collections import deque
from collections.abc import Set

from scoring.log.entries import Cursor, Entry
from scoring.log.read import Page, read_page

PAGES_KEPT = 2  # consumers take a page each in turn: what the slowest of them needs is not far behind


class CommonPages:
    """What consumers of any of these types read, a page of so many entries at a time.

    Entries below the horizon do not change: a page may be handed out in transactions that began after it was
    read.
    """

    def __init__(self, types: Set[str], *, limit: int) -> None:
        self._types, self._limit = types, limit
        self._pages: deque[tuple[Cursor, Page]] = deque(maxlen=PAGES_KEPT)

    def read(self, cursor: Cursor, *, types: Set[str]) -> tuple[Page, bool]:
        """As `read_page`, and whether it reaches the horizon (at the latest as it was when it was read)."""
        page = self._page_after(cursor)
        return Page(_selected(page.entries, cursor, types), page.cursor), len(page.entries) < self._limit

    def _page_after(self, cursor: Cursor) -> Page:
        for start, page in self._pages:
            if start <= cursor < page.cursor:
                return page
        page = read_page(cursor, types=self._types, limit=self._limit)
        self._pages.append((cursor, page))
        return page


def _selected(entries: list[Entry], cursor: Cursor, types: Set[str]) -> list[Entry]:
    return [entry for entry in entries if entry.type in types and entry.cursor > cursor]
