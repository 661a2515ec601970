"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class MediaNotFound(ScoringError):
    """Nothing was uploaded under this id."""

    def __init__(self, media: str) -> None:
        self.media = media
        super().__init__(f"no file with the id {media!r} was uploaded; upload it first")


class EmptyUpload(ScoringError):
    """An upload without content."""

    def __init__(self) -> None:
        super().__init__(
            "the upload has no content; send the file as the body, or as the part `file` of a form"
        )


class MediaTypeNotAllowed(ScoringError):
    """A file of none of the types that may be uploaded; `found` is "" if its content is of no known type."""

    def __init__(self, found: str, allowed: Sequence[str]) -> None:
        self.found, self.allowed = found, tuple(allowed)
        what = f"is {found}" if found else "is not of a known type"
        super().__init__(f"the content {what}; allowed are {', '.join(allowed)}")


class MediaTypeDiffers(ScoringError):
    """A file that is not of the type that its sender stated."""

    def __init__(self, stated: str, found: str) -> None:
        self.stated, self.found = stated, found
        super().__init__(
            f"the content is {found}, not {stated[:60]!r} as stated; send its own type, or"
            " application/octet-stream"
        )


class MediaTooLarge(ScoringError):
    """A file above the size limit of its type."""

    def __init__(self, *, found: str, size: int, limit: int) -> None:
        self.found, self.size, self.limit = found, size, limit
        super().__init__(f"the file has {size:,} bytes; {found} may have at most {limit:,}")


class MediaBehind(ScoringError):
    """Too many files are waiting to be processed."""

    def __init__(self, *, waiting: int, limit: int) -> None:
        self.waiting, self.limit, self.wait = waiting, limit, 30
        super().__init__(
            f"{waiting:,} files are waiting to be processed, of at most {limit:,}; send it later"
        )


class TooManyUploads(ScoringError):
    """A key has uploaded more than its limit of files within a minute."""

    def __init__(self, *, limit: int, wait: int) -> None:
        self.limit, self.wait = limit, wait
        super().__init__(f"this API key may upload {limit:,} files a minute; send the next in {wait} s")


class MediaFileMissing(ScoringError):
    """The file of an upload is not in the store: it was removed, or the store has lost or damaged it."""

    def __init__(self, media: str, problem: str = "is not in the store") -> None:
        self.media = media
        super().__init__(f"the file of {media} {problem}")


class MediaAlreadyRemoved(ScoringError):
    """The file was removed before."""

    def __init__(self, media: str) -> None:
        self.media = media
        super().__init__(f"the file of {media} was removed before")
