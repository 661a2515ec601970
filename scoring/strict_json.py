"""Parse JSON and detect repeated keys in objects, and texts with half a character.

orjson keeps the last of several values of a key, other readers the first (RFC 8259, section 4): a gateway
could check one value and Assay score another. Counting the quotes before colons takes a microsecond and
clears nearly every text; the rest are read again by a parser that sees every key.

orjson refuses a text with a lone surrogate, such as "\\ud800", and says only where. Then the text is read
again by a parser that accepts it, to say in which field it is.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

_CONSTANTS = {"NaN": None, "Infinity": "Infinity", "-Infinity": "-Infinity"}
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BEFORE_COLON = re.compile(rb"[\t\r\n]:")


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """Replaces an object, or an item of a list, that names a key more than once at any depth."""

    key: str


@dataclass(frozen=True, slots=True)
class LoneSurrogate:
    """Replaces an object, or an item of a list, with a text that holds half a character at any depth.

    `field`: where the text is, such as `text` or `links[2]`; `code`: of the surrogate, which is the text's
    character number `character`, counted from 1.
    """

    field: str
    code: int
    character: int

    @property
    def problem(self) -> str:
        return f"holds a lone surrogate (U+{self.code:04X}) at character {self.character:,}"


WHOLE_CHARACTERS = "text of whole characters: surrogates only in pairs"


def load_json(text: bytes) -> Any:
    """The value of a JSON text; where a key is repeated, RepeatedKey replaces it or its item of a list.

    LoneSurrogate does where a text holds half a character. Raises orjson.JSONDecodeError.

    >>> load_json(b'[{"a": 1}, {"a": 1, "a": 2}]')
    [{'a': 1}, RepeatedKey(key='a')]
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        if (found := _load_surrogates(text)) is not None:
            return found
        raise
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


def _load_surrogates(text: bytes) -> Any:
    """The value of a text that is JSON but for lone surrogates; None if something else is wrong with it."""
    if not _SURROGATE_ESCAPE.search(text):
        return None
    try:
        value = json.loads(text.decode(), object_pairs_hook=_object_of, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        found = [_find_surrogate(item) for item in value]
        items = zip(found, value, strict=True)
        return [each or _find_repeated(item) or item for each, item in items] if any(found) else None
    return _find_surrogate(value)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _find_surrogate(value: Any, path: str = "") -> LoneSurrogate | None:
    """The first lone surrogate in the texts and keys of a value, if there is one."""
    if isinstance(value, str):
        found = _SURROGATE.search(value)
        return LoneSurrogate(path, ord(found[0]), found.start() + 1) if found else None
    if isinstance(value, list):
        items = (_find_surrogate(each, f"{path}[{place}]") for place, each in enumerate(value))
        return next(filter(None, items), None)
    if isinstance(value, dict):
        members = (_find_in_member(key, each, path) for key, each in value.items())
        return next(filter(None, members), None)
    return None


def _find_in_member(key: str, value: Any, path: str) -> LoneSurrogate | None:
    shown = key.encode("ascii", "backslashreplace").decode() if _SURROGATE.search(key) else key
    inner = f"{path}.{shown}" if path else shown
    return _find_surrogate(key, inner) or _find_surrogate(value, inner)


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
