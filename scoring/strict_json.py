"""Parse JSON and detect repeated keys in objects.

orjson keeps the last of several values of a key, other readers the first (RFC 8259, section 4): a gateway
could check one value and Assay score another. Counting the quotes before colons takes a microsecond and
clears nearly every text; the rest are read again by a parser that sees every key.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

_CONSTANTS = {"NaN": None, "Infinity": "Infinity", "-Infinity": "-Infinity"}
_LINE_BEFORE_COLON = re.compile(rb"[\t\r\n]:")


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """Replaces an object, or an item of a list, that names a key more than once at any depth."""

    key: str


def load_json(text: bytes) -> Any:
    """The value of a JSON text; where a key is repeated, RepeatedKey replaces it or its item of a list.

    Raises orjson.JSONDecodeError.

    >>> load_json(b'[{"a": 1}, {"a": 1, "a": 2}]')
    [{'a': 1}, RepeatedKey(key='a')]
    """
    value = orjson.loads(text)
    if text.count(b'":') == _count_keys(text, value) and not _has_spaced_colon(text):
        return value
    seen = _load_every_key(text)
    if isinstance(value, list):
        return [_find_repeated(each) or item for each, item in zip(seen, value, strict=True)]
    return _find_repeated(seen) or value


def load_written_json(text: bytes) -> Any:
    """`load_json` for files: NaN becomes None, infinity a string, and integers may have any length.

    >>> load_written_json(b'{"id": 123456789012345678901, "score": NaN}')
    {'id': 123456789012345678901, 'score': None}
    """
    value = json.loads(text, object_pairs_hook=_object_of, parse_constant=_CONSTANTS.get)
    if isinstance(value, list):
        return [_find_repeated(item) or item for item in value]
    return _find_repeated(value) or value


def _count_keys(text: bytes, value: Any) -> int:
    """The number of keys of an object or a list of flat objects; -1 for a value of any other shape."""
    if isinstance(value, dict):
        return len(value) if text.find(b"{", text.find(b"{") + 1) < 0 else -1
    if isinstance(value, list) and text.count(b"{") == len(value):
        return sum(map(len, value)) if all(isinstance(item, dict) for item in value) else -1
    return -1


def _has_spaced_colon(text: bytes) -> bool:
    """Whether the count may have missed a key because whitespace precedes its colon."""
    has_lines = b"\n" in text or b"\t" in text or b"\r" in text
    return b" :" in text or (has_lines and _LINE_BEFORE_COLON.search(text) is not None)


def _load_every_key(text: bytes) -> Any:
    """The value with RepeatedKey for each object that repeats a key; numbers stay text, which is cheaper."""
    try:
        return json.loads(text, object_pairs_hook=_object_of, parse_int=str, parse_float=str)
    except RecursionError:
        # orjson reads a little deeper than Python. No event is nested at all.
        raise orjson.JSONDecodeError("nested too deeply", "", 0) from None


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any] | RepeatedKey:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    keys: set[str] = set()
    return RepeatedKey(next(key for key, _ in pairs if key in keys or keys.add(key)))  # type: ignore[func-returns-value]


def _find_repeated(value: Any) -> RepeatedKey | None:
    """The RepeatedKey within a value, if there is one."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, RepeatedKey):
            return each
        if isinstance(each, (dict, list)):
            left += each.values() if isinstance(each, dict) else each
    return None
