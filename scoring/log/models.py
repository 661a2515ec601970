"""Tables of the log: the entries themselves, their epochs, consumers' cursors and the vault."""

from typing import Final

import pgtrigger
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from scoring.log.fields import CurrentTransactionId, Xid8Field

# Who caused an entry. The index has no entries of API keys, which come with every event.
ACTOR: Final = KeyTextTransform("actor", Cast("metadata", models.JSONField()))
HAS_INDEXED_ACTOR: Final = models.Q(metadata__startswith='{"actor":"') & ~models.Q(
    metadata__startswith='{"actor":"api_key/'
)
# Types of which every event has entries; the other ones are found by an index.
FREQUENT_TYPES: Final = ("event.received", "decision.made", "lane.sequenced")


class LogEpoch(models.Model):
    """A range of the log written in one database cluster, whose transaction ids can be compared."""

    number = models.SmallIntegerField(primary_key=True)
    first_position = models.BigIntegerField()
    started_at = models.DateTimeField(default=timezone.now)


class LogEntry(models.Model):
    """An immutable record of something that happened. Only `scoring.log.append` writes it.

    `data` is canonical JSON exactly as written. `packed` holds arrays that belong to the entry as raw little-
    endian bytes (feature vectors and contributions as float64, positions as int64); the type says which.
    Reading order is (`epoch`, `txid`, `position`): a position alone would skip transactions that commit late.
    """

    position = models.BigAutoField(primary_key=True)
    epoch = models.SmallIntegerField(default=1)
    txid = Xid8Field(db_default=CurrentTransactionId())
    stream = models.CharField(max_length=400)
    stream_version = models.IntegerField()
    type = models.CharField(max_length=60)
    schema_version = models.SmallIntegerField(default=1)
    data = models.TextField()
    packed = models.BinaryField(null=True)
    metadata = models.TextField(default="{}")
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "log entries"
        constraints = [
            models.UniqueConstraint(fields=["stream", "stream_version"], name="logentry_stream_version"),
        ]
        indexes = [
            models.Index(fields=["epoch", "txid", "position"], name="logentry_reading_order"),
            models.Index(ACTOR, "position", name="logentry_actor", condition=HAS_INDEXED_ACTOR),
            models.Index(
                fields=["type", "position"],
                name="logentry_type",
                condition=~models.Q(type__in=FREQUENT_TYPES),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'the log is append-only: cannot truncate %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} at {self.position}"


class ConsumerCursor(models.Model):
    """How far a consumer has read, committed together with the consumer's effect.

    `error` says why the consumer stopped before the entry at `failed_position`; empty while it runs.
    """

    name = models.CharField(max_length=100, primary_key=True)
    epoch = models.SmallIntegerField(default=0)
    txid = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
    error = models.TextField(blank=True, default="")
    failed_position = models.BigIntegerField(null=True)
    failed_at = models.DateTimeField(null=True)


class VaultItem(models.Model):
    """A personal value, kept outside the log. The log holds `digest`; deleting the row erases the value."""

    digest = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=60)
    value = models.TextField()
    first_seen_at = models.DateTimeField(default=timezone.now)
