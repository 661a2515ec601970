"""What an uploaded file gives to a bank: the hash of a picture, those of an animation, or a whole video."""

from dataclasses import replace

from scoring.content.media.models import MediaItem
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.changing.videos import frame_text

MAX_PICTURES = 50  # frames of an animation or pages of a document


def items_of_upload(item: MediaItem, like: NewItem, *, min_quality: int) -> list[NewItem]:
    """The items of a file that are good enough to match, [] if none is; all else they have from `like`.

    A video is one item with all its frames. Of other files each different hash is one.
    """
    good = [each for each in item.hashes if each["quality"] >= min_quality]
    if not good:
        return []
    if item.kind == "video":
        frames = [frame_text(each["pdq"][0], each["quality"], each["at"] or 0) for each in item.hashes]
        return [replace(like, hash="", quality=None, media=item.id, frames=tuple(frames))]
    hashes = {each["pdq"][0]: each["quality"] for each in good}
    return [
        replace(like, hash=digest, quality=quality, media=item.id)
        for digest, quality in list(hashes.items())[:MAX_PICTURES]
    ]
