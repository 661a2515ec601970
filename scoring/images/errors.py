"""Errors of images, videos and their hashes."""

from collections.abc import Iterable

from scoring.errors import ScoringError


class InvalidHash(ScoringError):
    """A text that is no PDQ hash."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        super().__init__(f"{shown!r} is not a PDQ hash; allowed are 64 hexadecimal digits.")


class InvalidDistance(ScoringError):
    """A Hamming distance that two hashes cannot have."""

    def __init__(self, distance: int, most: int) -> None:
        super().__init__(f"{distance} is not a distance of two hashes; allowed are 0 to {most}.")


class RepeatedHashId(ScoringError):
    """An id of an index that would name two hashes."""

    def __init__(self, number: int) -> None:
        super().__init__(f"The id {number} names two hashes; each hash of an index has an id of its own.")


class UnknownHashId(ScoringError):
    """An id that an index does not have, so that nothing can be removed."""

    def __init__(self, number: int) -> None:
        super().__init__(f"The index has no hash with the id {number}.")


class ImageTypeNotAllowed(ScoringError):
    """A type that no decoder of ours reads, such as image/svg+xml."""

    def __init__(self, media_type: str, allowed: Iterable[str]) -> None:
        self.media_type = media_type
        super().__init__(f"{media_type[:60] or 'no type'} is not decoded; allowed are {', '.join(allowed)}")


class DecoderMissing(ScoringError):
    """A type whose decoder is not installed."""

    def __init__(self, media_type: str, package: str) -> None:
        self.media_type = media_type
        super().__init__(f"{media_type} is not decoded here; install the package {package} to allow it")


class UnreadableImage(ScoringError):
    """A file that is damaged, truncated, or not of its type."""

    def __init__(self, media_type: str, problem: str) -> None:
        self.media_type = media_type
        super().__init__(f"the file cannot be read as {media_type}: {problem}")


class ImageTooLarge(ScoringError):
    """An image of more pixels than may be decoded."""

    def __init__(self, *, width: int, height: int, max_edge: int, max_pixels: int) -> None:
        self.width, self.height = width, height
        super().__init__(
            f"the image has {width:,} x {height:,} pixels; allowed are {max_edge:,} along an edge and"
            f" {max_pixels:,} in all"
        )


class TooManyFrames(ScoringError):
    """An animation, or a document, of more frames or pages than may be decoded."""

    def __init__(self, problem: str, allowed: str) -> None:
        super().__init__(f"the file has {problem}; allowed are {allowed}")


class AlsoAnotherFormat(ScoringError):
    """A file that other programs open too, such as an image that is also a web page: a polyglot."""

    def __init__(self, media_type: str, other: str) -> None:
        self.media_type, self.other = media_type, other
        super().__init__(
            f"the file is {media_type} and also {other}; send the image alone, for example saved again"
        )


class UnreadableVideo(ScoringError):
    """A file that is damaged, truncated, not of its type, or has no pictures."""

    def __init__(self, media_type: str, problem: str) -> None:
        self.media_type = media_type
        super().__init__(f"the file cannot be read as {media_type}: {problem}")


class VideoTooLong(ScoringError):
    """A video of more seconds or frames than may be read."""

    def __init__(self, problem: str, allowed: str) -> None:
        super().__init__(f"the video has {problem}; allowed are {allowed}")
