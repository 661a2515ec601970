"""Reads JSON Lines, and JSON documents with an array of objects or with consecutive objects."""

import itertools
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TextIO

import orjson

from scoring.ingest.errors import UnreadableImport
from scoring.ingest.readers.content import Content
from scoring.ingest.readers.encodings import MAX_LINE, Survey, open_text, printable, survey_text
from scoring.ingest.readers.options import ReadOptions
from scoring.ingest.readers.tables import MAX_COLUMNS, Chunk, SourceTable, in_parts
from scoring.strict_json import LoneSurrogate, RepeatedKey, load_json, load_written_json

BLOCK = 1 << 18
MAX_FIRST_LINE = 4096  # characters, to see what the file is
_BLANK = " \t\r\n\ufeff"
_BLANKS = re.compile(f"[{_BLANK}]*")
# Values that orjson refuses, or reads as a float with lost digits.
_BEYOND_ORJSON = re.compile(r"NaN|Infinity|\d{20}", re.ASCII)


_NESTED_NAMES: Mapping[type, str] = {dict: "an object", list: "a list"}
_NESTED = frozenset(_NESTED_NAMES)


class _Item(NamedTuple):
    line: int
    row: dict[str, Any]
    problem: str = ""
    raw: str = ""


def open_json(content: Content, options: ReadOptions) -> SourceTable:
    """JSON Lines if every line is an object, else one document. Raises UnreadableImport."""
    survey = survey_text(content, encoding=options.encoding)
    first = _first_line(content, survey)
    is_array = first[:1] == "[" and first[1:].lstrip(_BLANK)[:1] in ("", "{", "]")
    goes_on = first[:1] == "{" and first[-1:] in ("{", "[", ",") and len(first) < MAX_FIRST_LINE
    is_document = is_array or goes_on
    file = _JsonFile(content, survey, is_document)
    form = "json" if is_document else "jsonl"
    described = f"{'a JSON document' if is_document else 'JSON Lines'}, {survey.encoding_name}"
    return SourceTable(content.name, survey.digest, None, file.chunks, file.count, form, described)


@dataclass(frozen=True, slots=True)
class _JsonFile:
    content: Content
    survey: Survey
    is_document: bool

    def chunks(self, skip: int, size: int, wanted: Collection[str] | None = None) -> Iterator[Chunk]:
        rest, first = itertools.islice(self._items(), skip, None), skip + 1
        for part in in_parts(rest, size):
            yield _chunk(part, first, wanted)
            first += len(part)

    def count(self) -> int:
        if self.is_document:
            return sum(1 for _ in self._items())
        with open_text(self.content, self.survey.encoding) as text:
            return sum(1 for line in text if line.strip(_BLANK))

    def _items(self) -> Iterator[_Item]:
        with open_text(self.content, self.survey.encoding) as text:
            name = self.content.name
            items = _document_items(text) if self.is_document else _line_items(text, name)
            yield from _refusing_wrapped(items, name)


def _first_line(content: Content, survey: Survey) -> str:
    with open_text(content, survey.encoding) as text:
        lines = iter(lambda: text.readline(MAX_FIRST_LINE), "")
        return next((line.strip(_BLANK) for line in lines if line.strip(_BLANK)), "")


def _line_items(text: TextIO, name: str) -> Iterator[_Item]:
    for number, line in enumerate(iter(lambda: text.readline(MAX_LINE), ""), start=1):
        if len(line) >= MAX_LINE:
            raise UnreadableImport(name, f"its line {number} is longer than {MAX_LINE:,} characters")
        if line.strip(_BLANK):
            row, problem = read_object(line.strip(_BLANK))
            yield _bad(number, problem, line.rstrip("\r\n")) if problem else _Item(number, row)


def read_object(text: str) -> tuple[dict[str, Any], str]:
    """A JSON object, or {} with the problem of the text. NaN is read as a missing value."""
    try:
        row = _load(text)
    except (ValueError, RecursionError) as error:
        return {}, f"is not JSON: {error}"
    if isinstance(row, RepeatedKey):
        return {}, f"repeats the key {row.key[:80]!r}"
    if isinstance(row, LoneSurrogate):
        return {}, f"is refused: {row.field} {row.problem}"
    return _with_trimmed_names(row) if isinstance(row, dict) else ({}, "is not a JSON object")


def _load(text: str) -> Any:
    """Raises ValueError."""
    content = text.encode("utf-8", "surrogateescape")
    if _BEYOND_ORJSON.search(text):
        with suppress(ValueError):
            return load_written_json(content)
    return load_json(content)


def _with_trimmed_names(row: dict[str, Any]) -> tuple[dict[str, Any], str]:
    if all(name == name.strip() for name in row):
        return row, ""
    trimmed = {name.strip(): value for name, value in row.items()}
    return (trimmed, "") if len(trimmed) == len(row) else ({}, "has keys that differ only in blanks")


def _refusing_wrapped(items: Iterator[_Item], name: str) -> Iterator[_Item]:
    """The items. Raises UnreadableImport for a single object with the rows in a list."""
    first = list(itertools.islice(items, 2))
    row = first[0].row if len(first) == 1 else {}
    if key := _key_of_rows(row):
        way = f"jq -c '.[{orjson.dumps(key).decode()}][]'"
        raise UnreadableImport(
            name, f"its rows are in a list under the key {key!r}; import that list, e.g. the output of {way}"
        )
    if row and all(map(_is_nested, row.values())):
        raise UnreadableImport(
            name,
            "it is one object that holds only lists and objects; write an object for each row, e.g. with"
            " pandas: to_json(orient='records', lines=True)",
        )
    yield from first
    yield from items


def _is_nested(value: Any) -> bool:
    return type(value) in _NESTED


def _key_of_rows(row: Mapping[str, Any]) -> str:
    """The key of the list that contains the rows of an object; "" if there is none."""
    single_values = sum(not _is_nested(value) for value in row.values())
    lists = {key: value[0] for key, value in row.items() if isinstance(value, list) and value}
    return next((key for key, one in lists.items() if isinstance(one, dict) and len(one) > single_values), "")


def _document_items(text: TextIO) -> Iterator[_Item]:
    """The elements of arrays and consecutive objects, with only one in memory at a time.

    Reading ends at invalid JSON, because the start of the next element is unknown.
    """
    window = _Window(text)
    in_array = False
    while character := window.peek():
        if character == ("]" if in_array else "["):
            in_array = not in_array
            window.drop(1)
        elif character == "," and not in_array:
            window.drop(1)  # objects with commas between them
        else:
            line = window.line
            try:
                element = window.take_value()
            except (ValueError, RecursionError) as error:
                yield _bad(line, f"is not JSON ({error}); nothing after it can be read")
                return
            row, problem = read_object(element)
            yield _bad(line, problem, element) if problem else _Item(line, row)
            if in_array and not window.pass_comma():
                yield _bad(window.line, "has no comma or ] after an element; nothing after it can be read")
                return
    if in_array:
        yield _bad(window.line, "ends the file before the array ends")


def _bad(line: int, problem: str, raw: str = "") -> _Item:
    return _Item(line, {}, f"line {line} {problem}", printable(raw))


_SCANNER = json.JSONDecoder()


class _Window:
    """A moving window over a long text: text before it is dropped, and more is read as needed."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._held, self._at, self._ended = text, "", 0, False
        self.line = 1

    def peek(self) -> str:
        """The next non-blank character; "" at the end."""
        while True:
            self._advance(_BLANKS.match(self._held, self._at).end())  # type: ignore[union-attr]
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._read(BLOCK):
                return ""

    def drop(self, count: int) -> None:
        self._advance(self._at + count)

    def pass_comma(self) -> bool:
        """Skip a comma; False if neither a comma nor the array's end comes next."""
        following = self.peek()
        if following == ",":
            self.drop(1)
        return following in (",", "]", "")

    def take_value(self) -> str:
        """The text of the value at the current position. Raises ValueError."""
        size = BLOCK
        while True:
            try:
                _, end = _SCANNER.raw_decode(self._held, self._at)
                if end < len(self._held) or not self._read(size):
                    value = self._held[self._at : end]
                    self._advance(end)
                    return value
            except ValueError:
                if len(self._held) - self._at > MAX_LINE or not self._read(size):
                    raise
            size *= 2

    def _advance(self, to: int) -> None:
        self.line += self._held.count("\n", self._at, to)
        self._at = to

    def _read(self, size: int) -> bool:
        more = self._text.read(size)
        self._held, self._at = self._held[self._at :] + more, 0
        return bool(more)


def _chunk(items: Sequence[_Item], first_row: int, wanted: Collection[str] | None) -> Chunk:
    found = list(dict.fromkeys(itertools.chain.from_iterable(item.row for item in items)))
    names = found[:MAX_COLUMNS] if wanted is None else [name for name in found if name in wanted]
    columns, unreadable = _columns(items, names)
    wrong = {index: item for index, item in enumerate(items) if item.problem}
    return Chunk(
        first_row,
        len(items),
        columns,
        malformed={index: item.problem for index, item in wrong.items()},
        raw={index: [item.raw] for index, item in wrong.items()},
        lines=[item.line for item in items],
        others=tuple(name for name in found[:MAX_COLUMNS] if name not in columns),
        unreadable=unreadable,
        lists={name: _lists_in(items, name) for name in unreadable},
        objects=[item.row for item in items],
    )


def _lists_in(items: Sequence[_Item], name: str) -> dict[int, list[Any]]:
    """The cells of a column that hold a list, by index."""
    cells = ((index, item.row.get(name)) for index, item in enumerate(items))
    return {index: cell for index, cell in cells if isinstance(cell, list)}


def _columns(
    items: Sequence[_Item], names: Sequence[str]
) -> tuple[dict[str, list[Any]], dict[str, dict[int, str]]]:
    """The scalar values by name, and the problems of cells with lists or objects."""
    columns, unreadable = {}, {}
    for name in names:
        columns[name] = column = [item.row.get(name) for item in items]
        if not _NESTED.isdisjoint(map(type, column)):
            unreadable[name] = {
                index: f"is {_NESTED_NAMES[type(value)]}, which is not a single value"
                for index, value in enumerate(column)
                if type(value) in _NESTED
            }
            columns[name] = [None if type(value) in _NESTED else value for value in column]
    return columns, unreadable
