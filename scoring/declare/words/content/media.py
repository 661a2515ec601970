"""Words for the media of an event: `attachments.nsfw()`, `attachments.count()`."""

from dataclasses import dataclass
from typing import cast

from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.signals import MEDIA_SIGNALS
from scoring.declare.words.signals import FieldSignal


@dataclass(frozen=True)
class MediaSignal(FieldSignal):
    """What is known of an event's media; NaN without any, or of some signals until they are processed."""

    kind = "media"
    known = MEDIA_SIGNALS
    types = ("Attachments",)

    def without_past(self, grammar: Grammar) -> str:
        text = f"missing without {grammar.field(self.field.name)}"
        return f"{text}, or {self.about.missing}" if self.about.missing else text


class MediaVocabulary:
    """The words of a field with the ids of uploaded files."""

    def count(self) -> MediaSignal:
        """The number of files."""
        return self._media_signal("count")

    def images(self) -> MediaSignal:
        """The number of pictures."""
        return self._media_signal("images")

    def videos(self) -> MediaSignal:
        """The number of videos."""
        return self._media_signal("videos")

    def pending(self) -> MediaSignal:
        """The number of files that are not processed yet."""
        return self._media_signal("pending")

    def failed(self) -> MediaSignal:
        """Whether any of the files could not be processed."""
        return self._media_signal("failed")

    def nsfw(self) -> MediaSignal:
        """The highest score for sexual content, 0 to 1."""
        return self._media_signal("nsfw")

    def quality(self) -> MediaSignal:
        """The lowest quality of their perceptual hashes, 0 to 100: low for pictures with little structure."""
        return self._media_signal("quality")

    def _media_signal(self, signal: str) -> MediaSignal:
        return MediaSignal(cast(NamedField, self), signal)
