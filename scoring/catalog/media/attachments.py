"""The field with the media of an event: ids of uploaded pictures and videos."""

import re
from collections.abc import Sequence
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Canonical, Field, References
from scoring.catalog.media.facts import MediaFacts
from scoring.declare import MEDIA_SIGNALS, Measured, MediaVocabulary, Signal, part_of_vocabulary

part_of_vocabulary(__name__)

MAX_ATTACHMENTS = 10
MEDIA_ID = r"[0-9a-f]{64}"
_ID = re.compile(MEDIA_ID, re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]+")  # between the ids in a cell of a table
ALLOWED = "an id as POST media returns it: the SHA-256 of the file, 64 hex digits"


class Attachments(MediaVocabulary, Field):
    """The ids of up to 10 uploaded files (`POST /api/v1/media`), in their order; given twice is given once.

    The canonical value is one text, the ids with blanks between them. Its signals (`attachments.nsfw()`) are
    known once the files are processed; until then the event is decided on what is known.
    """

    def parse(self, raw: object) -> str:
        if not isinstance(raw, list):
            raise FieldError("must be a list", f"a list of up to {MAX_ATTACHMENTS} ids")
        if len(raw) > MAX_ATTACHMENTS:
            raise FieldError(f"has {len(raw)} items", f"at most {MAX_ATTACHMENTS}")
        if not raw:
            raise FieldError("is empty", "at least one id; leave the field out if there are no files")
        for place, given in enumerate(raw):
            if not isinstance(given, str) or not _ID.fullmatch(given):
                raise FieldError(f"item [{place}] is no id of a file", ALLOWED)
        return " ".join(dict.fromkeys(given.lower() for given in raw))

    def _read(self, cell: object) -> object:
        return _BETWEEN.split(cell.strip()) if isinstance(cell, str) else cell

    def computed_of(self, media: Sequence[MediaFacts]) -> dict[str, Canonical]:
        """The computed fields of these files, by name: only those that are known."""
        return {}

    def as_sent(self, value: Canonical) -> list[str]:
        return ids_of(value)

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return tuple(MEDIA_SIGNALS.values())

    def measure_value(self, value: Canonical, references: References) -> Measured:
        """Only their number: the rest is known when the files are looked up (`facts.media_signals`)."""
        return {"count": len(ids_of(value))}

    def json_schema(self) -> dict[str, Any]:
        return {
            **super().json_schema(),
            "type": "array",
            "items": {"type": "string", "pattern": f"^{MEDIA_ID}$"},
            "minItems": 1,
            "maxItems": MAX_ATTACHMENTS,
        }


def ids_of(value: Canonical) -> list[str]:
    """The ids in a canonical value."""
    return str(value).split(" ")
