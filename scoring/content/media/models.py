"""Uploaded media, and the events that wait for them: projections of the log; and the queue of files."""

from django.db import models


class MediaItem(models.Model):
    """An uploaded file. Projection of the stream `media/{id}`; the id is the SHA-256 of its content in hex.

    `type` is what the content is, whatever the sender called it. `source`: of the key that uploaded it first.
    `hashes`: the perceptual hashes of the picture or of a video's frames, each {"at" (seconds), "quality",
    "pdq" (the hash in hex, and those of its 7 other rotations and flips)}. `nsfw`: the classifier's highest
    score. `error`: why it could not be processed. `removed_at`: when its file was deleted; what was computed
    of it stays.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    id = models.CharField(max_length=64, primary_key=True)
    type = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    bytes = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices)
    source = models.CharField(max_length=60)
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    frames = models.IntegerField(null=True)
    seconds = models.FloatField(null=True)
    hashes = models.JSONField(default=list)
    quality = models.SmallIntegerField(null=True)
    nsfw = models.FloatField(null=True)
    previews = models.JSONField(default=list)
    error = models.CharField(max_length=400, blank=True, default="")
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)  # processed or failed
    removed_at = models.DateTimeField(null=True)
    version = models.IntegerField()

    class Meta:
        verbose_name = "uploaded file"
        permissions = [
            ("see_mediafile", "Can see uploaded pictures and videos"),
            ("download_mediafile", "Can download uploaded files as they are"),
            ("remove_mediafile", "Can remove uploaded files, and have them processed again"),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="media_received"),
            models.Index(fields=["received_at"], name="media_pending", condition=models.Q(status="pending")),
        ]

    def __str__(self) -> str:
        return self.id


class MediaJob(models.Model):
    """A file that is to be processed. A work queue: the sweep refills it from the pending `MediaItem`s.

    `attempts`: how often a process began with it. `due_at`: not before then; while a process works on it, the
    time after which that process counts as dead.
    """

    id = models.CharField(max_length=64, primary_key=True)
    source = models.CharField(max_length=60)
    attempts = models.SmallIntegerField(default=0)
    enqueued_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="mediajob_due")]

    def __str__(self) -> str:
        return self.id


class AwaitedMedia(models.Model):
    """A version of an event that was received before all its media were processed.

    The key is the position of that version's entry. `media`: the ids that were pending. `settled`: the event
    was enriched, corrected or retracted since.
    """

    position = models.BigIntegerField(primary_key=True)
    event_stream = models.CharField(max_length=400)
    media = models.JSONField()
    settled = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "awaited media"
        indexes = [
            models.Index(fields=["position"], name="awaited_unsettled", condition=models.Q(settled=False))
        ]

    def __str__(self) -> str:
        return self.event_stream
