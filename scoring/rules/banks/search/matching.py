"""Which files of an event match which banks in memory: whole videos first, or else the nearest picture."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from scoring.images.video_matching import unequal
from scoring.rules.banks.definitions import BankDefinition, BankDefinitions, open_banks
from scoring.rules.banks.search.hits import VIDEO, BankHit, MediaHashes, ReadFrames, hit_of_picture
from scoring.rules.banks.search.item_table import Conditions, ItemTable, empty_table
from scoring.rules.banks.search.video_table import VideoTable, VideoThresholds, no_videos
from scoring.timestamps import to_micros


class BankTable(NamedTuple):
    """What is in one bank."""

    pictures: ItemTable
    videos: VideoTable


def empty_bank() -> BankTable:
    return BankTable(empty_table(), no_videos())


def hits_among(
    media: Sequence[MediaHashes],
    definitions: BankDefinitions,
    tables: Mapping[str, BankTable],
    *,
    now: datetime,
    read_frames: ReadFrames,
    version: int | None = None,
) -> list[BankHit]:
    """The hits of an event's files, in order of the files and of the banks' names.

    `read_frames` is asked if a bank has videos and the event too. `version`: of the ruleset, if the tables
    have the items of all versions.
    """
    now_us = to_micros(now)
    banks = [each for each in open_banks(definitions) if each.name in tables]
    has_videos = any(len(tables[each.name].videos) for each in banks)
    videos = whole_videos(media, read_frames) if has_videos else {}

    def found_in(definition: BankDefinition, each: MediaHashes) -> BankHit | None:
        conditions = Conditions(definition.distance, definition.min_quality, now_us, version)
        table = tables[definition.name]
        hit = video_hit(definition, table.videos, videos.get(each.id), conditions)
        return hit or picture_hit(definition, table.pictures, each, conditions)

    return [hit for each in media for definition in banks if (hit := found_in(definition, each))]


def whole_videos(media: Sequence[MediaHashes], read_frames: ReadFrames) -> dict[str, MediaHashes]:
    """The videos among the files with all their frames, by id."""
    videos = [each for each in media if each.is_video]
    return {each.id: each for each in read_frames(videos)} if videos else {}


def video_hit(
    definition: BankDefinition, table: VideoTable, media: MediaHashes | None, conditions: Conditions
) -> BankHit | None:
    """The known video that a video matches; None without any, or for a file that is none."""
    if media is None or not len(table):
        return None
    thresholds = VideoThresholds(definition.query_match_percent, definition.compared_match_percent)
    frames = unequal(media.frames_of_quality(definition.min_quality))
    found = table.best_match(frames, conditions, thresholds)
    if found is None:
        return None
    shares = (found.query_share, found.known_share)
    return BankHit(definition.name, found.item, media.id, found.distance, VIDEO, *shares)


def picture_hit(
    definition: BankDefinition, table: ItemTable, media: MediaHashes, conditions: Conditions
) -> BankHit | None:
    found = table.nearest(media.of_quality(definition.min_quality), conditions)
    return hit_of_picture(definition.name, media, found) if found else None
