"""Entries as columns equal entries as objects, with their data as text."""

import numpy as np
import orjson
import pytest

from scoring.log import upcasters
from scoring.log.append import append
from scoring.log.entries import START, Entry
from scoring.log.read import read_page
from scoring.log.texts import Texts, first_positions, read_text_page, read_texts
from tests.factories.log import NOW, decided, labeled, open_append, received

pytestmark = pytest.mark.django_db(transaction=True)

TYPES = ("event.received", "decision.made", "label.recorded")


def written() -> list[Entry]:
    events = append([received("T-1"), received("T-2")], now=NOW)
    return [*events, *append([decided(events[0]), labeled(events[1].stream)], now=NOW)]


def told(texts: Texts) -> list[tuple[object, ...]]:
    """Each entry's values in the columns."""
    columns = (
        texts.positions,
        texts.epochs,
        texts.txids,
        texts.streams,
        texts.types,
        texts.data,
        texts.packed,
    )
    assert {len(column) for column in (*columns, texts.recorded_at_us)} == {len(texts)}
    return sorted(zip(*columns, texts.recorded_at_us, strict=True))


def expected(entries: list[Entry], *, packed: bool) -> list[tuple[object, ...]]:
    micros = int(NOW.timestamp()) * 1_000_000
    return sorted(
        (*e.cursor[2:], *e.cursor[:2], e.stream, e.type, _text(e), e.packed if packed else None, micros)
        for e in entries
    )


def _text(entry: Entry) -> str:
    return orjson.dumps(entry.data, option=orjson.OPT_SORT_KEYS).decode()


def test_entries_by_position_include_packed_arrays() -> None:
    entries = written()
    positions = np.array([entry.position for entry in entries] + [999_999])
    assert told(read_texts(positions)) == expected(entries, packed=True)


def test_a_text_page_equals_a_log_page_except_for_packed_arrays() -> None:
    entries = written()
    with open_append([received("held")]) as held:
        late = append([received("late")], now=NOW)
        assert told(read_text_page(START, types=TYPES, limit=100)) == expected(entries, packed=False)
    first = read_text_page(START, types=TYPES, limit=2)
    assert first.cursor == read_page(START, limit=2).cursor
    rest = read_text_page(first.cursor, types=TYPES, limit=100)
    assert told(rest) == expected([*entries[2:], *held, *late], packed=False)
    labels = read_text_page(START, types=("label.recorded",), limit=100)
    assert told(labels) == expected(entries[3:], packed=False)
    assert len(read_text_page(rest.cursor, types=TYPES, limit=100)) == 0


def test_take_selects_whole_rows() -> None:
    written()
    page = read_text_page(START, types=TYPES, limit=100)
    assert told(page.take(np.array([3, 1]))) == [told(page)[1], told(page)[3]]


def test_older_data_is_upcast_and_current_data_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written()
    monkeypatch.setitem(upcasters._current, "label.recorded", 2)
    monkeypatch.setitem(upcasters._steps, ("label.recorded", 1), lambda data: {"lifted": data["value"]})
    page = read_text_page(START, types=TYPES, limit=100)
    assert page.data[3] == '{"lifted":"fraud"}'
    assert orjson.loads(page.data[0])["id"] == "T-1"


def test_streams_are_found_by_their_first_entry() -> None:
    entries = written()
    streams = [entries[0].stream, entries[3].stream, "payment/shop/unknown"]
    assert first_positions(streams) == {
        entries[0].stream: entries[0].position,
        entries[3].stream: entries[3].position,
    }
