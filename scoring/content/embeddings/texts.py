"""Which texts of an event are embedded, and in which form."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from scoring.catalog.event_type import EventType
from scoring.log import vault
from scoring.texts.normalization import normalize_text

MAX_READ = 10_000  # characters of a text that are normalized
MAX_EMBEDDED = 4_000  # characters that the model gets; most models read less
MIN_CHARACTERS = 10  # shorter texts ("ok, thanks") are near to too many


class EventText(NamedTuple):
    """A text of an event. `digest`: as in the vault; `clear`: the text of a field that is not personal."""

    field: str
    digest: str
    clear: str | None = None


def texts_of(kind: type[EventType], fields: Mapping[str, Any]) -> list[EventText]:
    """The texts of an event that has these canonical fields."""
    found = []
    for name in kind.compared_texts():
        if value := fields.get(name):
            personal = kind.fields[name].personal
            digest = str(value) if personal else vault.digest_of(name, str(value))
            found.append(EventText(name, digest, None if personal else str(value)))
    return found


def reveal_texts(texts: Iterable[EventText]) -> dict[str, str]:
    """What the model reads of these texts, by digest; erased texts and too short ones are absent."""
    wanted = {text.digest: text.clear for text in texts}
    revealed = vault.reveal(digest for digest, clear in wanted.items() if clear is None)
    known = {digest: revealed.get(digest) if clear is None else clear for digest, clear in wanted.items()}
    prepared = {digest: prepare_text(text) for digest, text in known.items() if text is not None}
    return {digest: text for digest, text in prepared.items() if text}


def prepare_text(text: str) -> str:
    """The text as people read it, of bounded length; "" if it is too short to be compared.

    >>> prepare_text("CH\\u0415\\u0421K out   my ch4nnel!!!!!!")
    'check out my channel!!!'
    """
    read = normalize_text(text[:MAX_READ]).text[:MAX_EMBEDDED]
    return read if len(read) >= MIN_CHARACTERS else ""
