"""Hash banks, their items and what matched them: projections of the log."""

from datetime import datetime
from typing import Any

from django.db import models

MAX_ITEMS = 1_000  # in one entry of the log
MAX_VIDEO_FRAMES = 1_500  # of a video in a bank
HASH_BITS = 256
# The thresholds of the reference's index of videos, in percent:
# facebook/ThreatExchange:python-threatexchange/threatexchange/extensions/vpdq/vpdq_util.py
DEFAULT_QUERY_MATCH, DEFAULT_COMPARED_MATCH = 80, 0
UNKNOWN_QUALITY = 100  # in place of a quality that is not known: such hashes are as good as any


class HashField(models.Field):
    """A hash of 256 bits, as 256 characters 0 and 1, so that the database can count differing bits."""

    description = "Hash of 256 bits"

    def db_type(self, connection: Any) -> str:
        return f"varbit({HASH_BITS})"


class Bank(models.Model):
    """A bank of hashes of images and videos, as it is now. Projection of `bank.defined` and `bank.archived`.

    `distance`: the number of differing bits up to which a hash matches. `min_quality`: hashes of a lower
    quality do not match. `query_match_percent`, `compared_match_percent`: the shares of frames that a video
    must have in common with a known one, of its own frames and of the known ones. `policy`: the policy that a
    match breaks, "" for none in particular. `version`: of the ruleset that changed its definition last.
    `size` counts its items, expired ones too, and `frames` those of its videos. An archived bank matches
    nothing.
    """

    class Action(models.TextChoices):
        BLOCK = "block"
        REVIEW = "review"
        LIMIT = "limit"
        LABEL = "label"
        TAG = "tag"

    name = models.CharField(max_length=60, primary_key=True)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True, default="")
    action = models.CharField(max_length=10, choices=Action.choices)
    distance = models.SmallIntegerField()
    min_quality = models.SmallIntegerField()
    query_match_percent = models.SmallIntegerField(default=DEFAULT_QUERY_MATCH)
    compared_match_percent = models.SmallIntegerField(default=DEFAULT_COMPARED_MATCH)
    code = models.CharField(max_length=80)
    sentence = models.CharField(max_length=200)
    policy = models.CharField(max_length=60, blank=True, default="")
    version = models.IntegerField()
    defined_by = models.CharField(max_length=160)
    defined_at = models.DateTimeField()
    changed_by = models.CharField(max_length=160)
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    archive_reason = models.CharField(max_length=200, blank=True, default="")
    size = models.IntegerField(default=0)
    frames = models.IntegerField(default=0)
    items_changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "hash bank"

    def __str__(self) -> str:
        return self.title

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class BankItem(models.Model):
    """A picture or video in a bank, from version `added_version` of the ruleset to before `removed_version`.

    Projection of `bank.items_added` and `bank.items_removed`. `quality`: 0 to 100, None if it is not known.
    `source`: where it comes from; `media`: the id of the stored file that it was taken from, "" for none.
    An item that `expires_at` a time does not match from then on, but stays in the bank. `frames`: of a video,
    one a line as vPDQ writes them (hash, quality and seconds), "" for a picture; the `hash` of a video is the
    digest of those of its frames.
    """

    id = models.BigIntegerField(primary_key=True)  # MAX_ITEMS * added_version + its place in the entry
    bank_name = models.CharField(max_length=60)
    hash = HashField()
    frames = models.TextField(blank=True, default="")
    quality = models.SmallIntegerField(null=True)
    source = models.CharField(max_length=120, blank=True, default="")
    reason = models.CharField(max_length=200)
    tags = models.JSONField(default=list)
    media = models.CharField(max_length=64, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    added_version = models.IntegerField()
    added_by = models.CharField(max_length=160)
    added_at = models.DateTimeField()
    removed_version = models.IntegerField(null=True)
    removed_by = models.CharField(max_length=160, blank=True, default="")
    removed_at = models.DateTimeField(null=True)
    removed_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "bank item"
        constraints = [
            models.UniqueConstraint(
                fields=["bank_name", "hash"],
                condition=models.Q(removed_version=None),
                name="bankitem_live_once",
            ),
        ]
        indexes = [
            models.Index(fields=["bank_name", "id"], name="bankitem_bank"),
            models.Index(fields=["bank_name"], name="bankitem_video", condition=~models.Q(frames="")),
            models.Index(
                fields=["bank_name", "expires_at"],
                name="bankitem_expiry",
                condition=models.Q(removed_version=None, expires_at__isnull=False),
            ),
        ]
        permissions = [("import_bankitem", "Can import hashes into a bank from a file")]

    def __str__(self) -> str:
        return f"{self.hex} in {self.bank_name}"

    @property
    def hex(self) -> str:
        """The hash as 64 hexadecimal digits."""
        return hex_of_bits(self.hash)

    @property
    def is_video(self) -> bool:
        return bool(self.frames)

    @property
    def frame_lines(self) -> list[str]:
        """The frames of a video, "hash,quality,seconds" each; [] of a picture."""
        return self.frames.splitlines()

    @property
    def index(self) -> int:
        """Its place in the entry that added it."""
        return self.id % MAX_ITEMS

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class BankMatch(models.Model):
    """A file of an event that matched a bank, as a decision recorded it: a projection of decisions.

    `item`: the id of the nearest item, `distance` bits away. `match`: "" of a picture, "frame" if a frame of
    a video matched a picture, "video" if the whole video matched a known one: `query_share` of its frames and
    `known_share` of the known one's. `outcome`: what the bank asked for, "" for a
    tag; `decided`: what was decided. A decision that was revised has the matches of each revision.
    """

    id = models.BigIntegerField(primary_key=True)  # of the stream's order: see `projections.match_id`
    bank_name = models.CharField(max_length=60)
    item = models.BigIntegerField()
    media = models.CharField(max_length=64)
    distance = models.SmallIntegerField()
    match = models.CharField(max_length=10, blank=True, default="")
    query_share = models.FloatField(null=True)
    known_share = models.FloatField(null=True)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    event_stream = models.CharField(max_length=400)
    outcome = models.CharField(max_length=10, blank=True, default="")
    decided = models.CharField(max_length=10)
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = "match of a hash bank"
        verbose_name_plural = "matches of hash banks"
        default_permissions = ()
        indexes = [
            models.Index(fields=["bank_name", "-decided_at"], name="bankmatch_bank"),
            models.Index(fields=["item"], name="bankmatch_item"),
            models.Index(fields=["event_position"], name="bankmatch_event"),
        ]

    def __str__(self) -> str:
        return f"{self.media} in {self.bank_name}"


def item_id(version: int, index: int) -> int:
    """The key of the row of the item at `index` in the entry of this version of the ruleset."""
    return version * MAX_ITEMS + index


def bits_of_hex(text: str) -> str:
    """64 hexadecimal digits as 256 characters 0 and 1."""
    return f"{int(text, 16):0{HASH_BITS}b}"


def hex_of_bits(bits: str) -> str:
    """256 characters 0 and 1 as 64 hexadecimal digits."""
    return f"{int(bits, 2):0{HASH_BITS // 4}x}"
