"""The field with the media of an event: ids of uploaded pictures and videos."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Canonical, Entity, Field, References
from scoring.catalog.media.facts import MediaFacts, bands_of
from scoring.declare import MEDIA_SIGNALS, Measured, MediaVocabulary, Signal, part_of_vocabulary

part_of_vocabulary(__name__)

MAX_ATTACHMENTS = 10
MEDIA_ID = r"[0-9a-f]{64}"
_ID = re.compile(MEDIA_ID, re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]+")  # between the ids in a cell of a table
MEDIA_KIND = "media"  # of the entities that are files
ALLOWED = "an id as POST media returns it: the SHA-256 of the file, 64 hex digits"


class Attachments(MediaVocabulary, Field):
    """The ids of up to 10 uploaded files (`POST /api/v1/media`), in their order; given twice is given once.

    The canonical value is one text, the ids with blanks between them. Its signals (`attachments.nsfw()`) are
    known once the files are processed; until then the event is decided on what is known.
    """

    takes_lists = True

    _bands: tuple["ImageBand", ...] = ()

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
        return _BETWEEN.split(cell.strip()) if isinstance(cell, str) else cell or None

    def each(self, count: int) -> tuple["AttachedMedia", ...]:
        """Computed entities of the kind "media": the first files, one each."""
        return tuple(AttachedMedia(self, number) for number in range(count))

    def bands(self, count: int) -> tuple["ImageBand", ...]:
        """Computed entities of the kind "image_band": what nearly equal pictures share.

        They are parts of the hash of the first picture, known once it is processed.
        """
        self._bands = tuple(ImageBand(self) for _ in range(count))
        return self._bands

    def computed_of(self, media: Sequence[MediaFacts]) -> dict[str, Canonical]:
        """The computed fields that depend on what these files are, by name: only those that are known."""
        found = bands_of(media, len(self._bands))
        return {field.name: band for field, band in zip(self._bands, found, strict=False)}

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


class _OfAttachments(Entity):
    """A computed entity of the files that an event names."""

    computed = True

    def __init__(self, of: Attachments, *, kind: str, help: str) -> None:
        super().__init__(optional=True, kind=kind, help=help)
        self.of = of


class AttachedMedia(_OfAttachments):
    """One of the files of an event, by its place among them."""

    def __init__(self, of: Attachments, number: int) -> None:
        super().__init__(of, kind=MEDIA_KIND, help=f"File {number + 1} of the event")
        self.number = number

    def compute(self, values: Mapping[str, Canonical]) -> Canonical | None:
        attached = ids_of(values[self.of.name]) if self.of.name in values else []
        return attached[self.number] if self.number < len(attached) else None


class ImageBand(_OfAttachments):
    """A part of the hash of an event's first picture, which nearly equal pictures share."""

    def __init__(self, of: Attachments) -> None:
        super().__init__(of, kind="image_band", help="Part of the hash of the first picture")


def ids_of(value: Canonical) -> list[str]:
    """The ids in a canonical value."""
    return str(value).split(" ")
