"""The queue of entries that lanes still have to process."""

from django.db import models


class SplitPart(models.Func):
    """PostgreSQL's split_part; the second part of an event's stream is its source."""

    function = "split_part"
    arity = 3
    output_field = models.TextField()


class Pending(models.Model):
    """An entry that its lane has yet to process. A work queue, rebuilt from the log like a projection."""

    class Kind(models.TextChoices):
        EVENT = "event"
        LABEL = "label"
        RESCORE = "rescore"
        CORRECTION = "correction"
        ENRICHMENT = "enrichment"
        RETRACTION = "retraction"

    class State(models.TextChoices):
        READY = "ready"
        HISTORY = "history"  # waits for `sequence_history`, or for the lane's clock to reach `due_at`
        HELD = "held"  # a label whose event has not arrived
        PARKED = "parked"  # could not be processed; `error` says why
        WAITING = "waiting"  # not before `due_at`: a decision to be made again when its model is back

    position = models.BigIntegerField(primary_key=True)
    lane = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READY)
    priority = models.SmallIntegerField(default=1)
    event_stream = models.CharField(max_length=400)
    due_at = models.DateTimeField(null=True)
    wake_token = models.CharField(max_length=40, null=True)
    error = models.TextField(blank=True, default="")
    enqueued_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "pending entries"
        permissions = [("retry_pending", "Can retry a parked entry")]
        indexes = [
            # By source, so that senders can take turns.
            models.Index(
                "lane",
                "priority",
                SplitPart("event_stream", models.Value("/"), models.Value(2)),
                "position",
                name="pending_ready_in_turn",
                condition=models.Q(state="ready"),
            ),
            models.Index(
                fields=["lane", "due_at"], name="pending_history", condition=models.Q(state="history")
            ),
            models.Index(fields=["event_stream"], name="pending_held", condition=models.Q(state="held")),
            models.Index(fields=["due_at"], name="pending_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_stream}"
