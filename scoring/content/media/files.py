"""Where the bytes of uploaded media lie: Django's storage of the alias `media`, each under its digest."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Literal, NamedTuple

from django.core.files import File
from django.core.files.storage import Storage, storages

from scoring.content.media.errors import MediaFileMissing

CHUNK_BYTES = 1 << 20
PREVIEW_TYPE = "image/jpeg"

Preview = Literal["still", "blurred"]


class Measured(NamedTuple):
    """A file's size and the SHA-256 of its content, in hex."""

    size: int
    digest: str


def measure(file: IO[bytes]) -> Measured:
    """Size and digest of a file, read in parts from its beginning."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while part := file.read(CHUNK_BYTES):
        digest.update(part)
        size += len(part)
    return Measured(size, digest.hexdigest())


def put(media: str, file: IO[bytes], *, size: int) -> None:
    """Store an upload, unless it is there. A part of it that an earlier attempt left is replaced."""
    name, store = name_of(media), _store()
    if store.exists(name):
        if store.size(name) == size:
            return
        store.delete(name)
    file.seek(0)
    _save(store, name, file)


def put_preview(media: str, preview: Preview, content: IO[bytes]) -> None:
    """Store a picture that was made of an upload, in place of an earlier one."""
    name, store = name_of(media, preview), _store()
    store.delete(name)
    _save(store, name, content)


def open_file(media: str, preview: Preview | None = None) -> File:
    """The stored upload, or a preview of it, for reading. Raises MediaFileMissing."""
    try:
        return _store().open(name_of(media, preview))
    except FileNotFoundError:
        raise MediaFileMissing(media) from None


@contextmanager
def local_copy(media: str) -> Iterator[Path]:
    """A temporary copy of an upload on this machine. Raises MediaFileMissing, also if it is damaged."""
    with NamedTemporaryFile() as copy, open_file(media) as stored:
        for part in stored.chunks(CHUNK_BYTES):
            copy.write(part)
        if measure(copy).digest != media:
            raise MediaFileMissing(media, "is damaged: its content has another digest")
        copy.flush()
        yield Path(copy.name)


def remove(media: str) -> None:
    """Delete an upload and its previews. They may be missing."""
    for preview in (None, "still", "blurred"):
        _store().delete(name_of(media, preview))


def name_of(media: str, preview: str | None = None) -> str:
    """The name in the store: in folders, so that none holds millions of files.

    >>> name_of("ab12cd"), name_of("ab12cd", "still")
    ('ab/12/ab12cd', 'ab/12/ab12cd.still.jpg')
    """
    return f"{media[:2]}/{media[2:4]}/{media}{f'.{preview}.jpg' if preview else ''}"


def _store() -> Storage:
    return storages["media"]


def _save(store: Storage, name: str, content: IO[bytes]) -> None:
    """Save under exactly this name: what another process saved there meanwhile has the same content."""
    saved = store.save(name, File(content))
    if saved != name:
        store.delete(saved)
