"""Videos as the database has them: those in banks, and the frames of the files of an event."""

from collections.abc import Sequence

from django.db.models import Q

from scoring.content.media.attaching import Frames, frames_as_of
from scoring.rules.banks.models import UNKNOWN_QUALITY, BankItem
from scoring.rules.banks.search.hits import MediaHashes, hashes_of_frames
from scoring.rules.banks.search.item_table import NEVER, NOT_REMOVED, ItemColumns
from scoring.rules.banks.search.video_table import VideoColumns, VideoTable
from scoring.timestamps import to_micros


def items_as_of(version: int) -> Q:
    """The items that are in a bank at a version of the ruleset."""
    return Q(added_version__lte=version) & (Q(removed_version=None) | Q(removed_version__gt=version))


def load_videos(bank: str, condition: Q) -> VideoTable:
    """The videos of a bank that meet a condition, without an index."""
    rows = BankItem.objects.filter(condition, bank_name=bank).exclude(frames="").order_by("id")
    found = list(rows.values_list("id", "expires_at", "removed_version", "frames"))
    columns = ItemColumns.of(
        [number for number, *_ in found],
        [NEVER if expires is None else to_micros(expires) for _, expires, _, _ in found],
        [NOT_REMOVED if removed is None else removed for _, _, removed, _ in found],
        [UNKNOWN_QUALITY] * len(found),
    )
    return VideoTable(VideoColumns.of(columns, [frames.split("\n") for *_, frames in found]))


def read_frames(media: Sequence[MediaHashes]) -> list[MediaHashes]:
    """These videos with all their frames, as of the versions that the event names; in one query mostly.

    A video whose event names no version has those frames that the event carries.
    """
    found = frames_as_of({each.id: each.version for each in media if each.version})
    return [_with(each, found[each.id]) if found.get(each.id) else each for each in media]


def _with(media: MediaHashes, frames: Frames) -> MediaHashes:
    return hashes_of_frames(media, [frame["pdq"] for frame in frames], [frame["quality"] for frame in frames])
