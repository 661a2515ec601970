"""Embedded texts: which model embedded them, which are known to be bad, and which are to be embedded."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from scoring.log.models import VaultItem


class RealField(models.FloatField):
    """A number of 4 bytes."""

    def db_type(self, connection: object) -> str:
        return "real"


class TextModel(models.Model):
    """An embedding model. `name`: as the setting names it; `version`: a digest of its weights.

    Embeddings of two rows are never compared. The latest `used_at` of the setting's name is the current one.
    """

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=400)
    version = models.CharField(max_length=64)
    dimension = models.IntegerField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version", "dimension"], name="textmodel_version")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.version}, {self.dimension} numbers)"


class TextEmbedding(models.Model):
    """The embedding of a text by a model: `dimension` numbers, of length 1 together.

    `digest`: of the text, as the log has it for personal fields. `vault`: the same where the text is
    personal: the database deletes the row with the vault's. `known`: whether the text is one of the
    `KnownText`s; only such rows are in the index of their model. `embedded_at`: when it was last needed.
    """

    digest = models.CharField(max_length=32)
    vault = models.ForeignKey(VaultItem, models.DO_NOTHING, null=True, db_constraint=False, db_index=False)
    model = models.ForeignKey(TextModel, models.CASCADE, db_index=False)
    embedding = ArrayField(RealField())
    known = models.BooleanField(default=False)
    embedded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "model"], name="textembedding_digest_model")]
        indexes = [
            models.Index(fields=["vault"], name="textembedding_vault"),
            models.Index(
                fields=["embedded_at"], name="textembedding_unknown", condition=models.Q(known=False)
            ),
        ]

    def __str__(self) -> str:
        return self.digest


class KnownText(models.Model):
    """A text of an event that people found to break a policy: its current label says so.

    `position`: of the event; `scope`: its type and the policy ("content/spam"), with an empty policy if the
    label names none. `known_at`: when the label applied.
    """

    position = models.BigIntegerField()
    field = models.CharField(max_length=60)
    scope = models.CharField(max_length=130)
    digest = models.CharField(max_length=32)
    known_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["position", "field", "scope"], name="knowntext_event_scope")
        ]
        indexes = [
            models.Index(fields=["digest"], name="knowntext_digest"),
            models.Index(fields=["scope", "known_at", "position"], name="knowntext_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.position} for {self.scope}"


class TextJob(models.Model):
    """An event whose texts are to be embedded. A work queue that the consumer of the log fills.

    `compare`: the event is to be compared with known texts; `relabeled`: whether its texts are known may have
    changed. `enqueued_at` changes with every request, so that none is lost while the event is worked on.
    `due_at`: not before then; while a process works on it, the time after which that process counts as dead.
    """

    event_stream = models.CharField(max_length=400, primary_key=True)
    position = models.BigIntegerField()  # of the latest entry that asked for it
    compare = models.BooleanField(default=False)
    relabeled = models.BooleanField(default=False)
    attempts = models.SmallIntegerField(default=0)
    enqueued_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["relabeled", "position"], name="textjob_order")]

    def __str__(self) -> str:
        return self.event_stream
