"""Which features an enrichment leaves as they were."""

from unittest import mock

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.media.attachments import Attachments
from scoring.declare import pair
from scoring.features.compile.plan import compile_lane
from scoring.features.kept_features import kept_columns, kept_features
from tests.factories.catalog import catalog_of


class Photo(EventType):
    name, lane = "album_photo", "albums"
    author, album = Entity(), Entity(optional=True)
    files = Attachments(optional=True)
    media_1, media_2 = files.each(2)
    band_1, band_2 = files.bands(2)
    features = [
        author.count(over="1h"),
        author.since_last(),
        media_1.count(over="1h"),
        files.nsfw(),
        files.count(),
        band_1.distinct(author, over="1h"),
        pair(author, band_2).count(over="1h"),
        (files.nsfw() * author.count(over="1h")).named("both"),
    ]


def test_features_that_read_attachments_or_bands_are_computed_anew() -> None:
    with catalog_of(__name__):
        found = compile_lane("albums", [Photo]).feature_set("album_photo")
        kept = dict(zip(found.names, kept_features(found).tolist(), strict=True))
        columns = kept_columns(found)
    assert [name for name, is_kept in kept.items() if is_kept] == [
        "author_count_1h",
        "author_since_last",
        "media_1_count_1h",
    ]
    assert columns.tolist() == found.columns[:3].tolist()


def test_a_name_within_another_one_does_not_count() -> None:
    class Note(EventType):
        name, lane = "note_with_files", "albums"
        my_files = Entity()
        files = Attachments(optional=True)
        features = [my_files.count(over="1h")]

    found = compile_lane("albums", [Note]).feature_set("note_with_files")
    with mock.patch("scoring.features.kept_features.event_type", return_value=Note):
        assert kept_features(found).all()
