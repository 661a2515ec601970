"""Projections of decisions and routes, and the queue of entries that lanes still have to process."""

from django.db import models


class Event(models.Model):
    """A received event. Projection of `event.received`; the key is that entry's position in the log.

    `occurred_at` is that of its latest version, of which `versions` says the number: 1 as received, one more
    with each `event.corrected`. `retracted_at` is when an `event.retracted` took it back.
    """

    position = models.BigIntegerField(primary_key=True)
    type = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    history = models.BooleanField(default=False)
    versions = models.SmallIntegerField(default=1)
    retracted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["type", "occurred_at"], name="event_type_occurred_at")]
        permissions = [("retract_event", "Can retract an event")]

    def __str__(self) -> str:
        return self.stream

    @property
    def stream(self) -> str:
        return f"{self.type}/{self.source}/{self.external_id}"


class Amendment(models.Model):
    """A correction or the retraction of an event. Projection of `event.corrected` and `event.retracted`.

    `version` is the number of the version that holds from then on; a retraction leaves it as it was.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction"
        RETRACTION = "retraction"

    position = models.BigIntegerField(primary_key=True)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    event_stream = models.CharField(max_length=400)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.SmallIntegerField()
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=160)
    amended_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["event_position"], name="amendment_event"),
            models.Index(fields=["event_stream"], name="amendment_event_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.event_stream}"


class Decision(models.Model):
    """A decision (revision 0) or a later one. Projection of `decision.made` and `decision.revised`."""

    class Outcome(models.TextChoices):
        ALLOW = "allow"
        REVIEW = "review"
        BLOCK = "block"

    class Basis(models.TextChoices):
        MODEL = "model"
        NO_MODEL = "no_model"
        FALLBACK = "fallback"

    position = models.BigIntegerField(primary_key=True)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    revision = models.SmallIntegerField()
    seq = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    score = models.FloatField(null=True)
    basis = models.CharField(max_length=10, choices=Basis.choices)
    cause = models.CharField(max_length=60, blank=True, default="")
    model = models.CharField(max_length=80, blank=True, default="")
    arm = models.CharField(max_length=40, blank=True, default="")  # of the route that chose the model
    stake = models.BigIntegerField(null=True)  # minor units of the type's base currency
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_position", "revision"], name="decision_event_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of {self.event_type} {self.event_position}"


class ShadowScore(models.Model):
    """What a model that decides nothing would have said. Written by the consumer `scoring.shadow` alone."""

    model = models.CharField(max_length=80)
    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    score = models.FloatField()
    outcome = models.CharField(max_length=10, choices=Decision.Outcome.choices)
    decided = models.CharField(max_length=10, choices=Decision.Outcome.choices)  # what happened instead
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "event_position"], name="shadowscore_model_event"),
        ]
        indexes = [models.Index(fields=["model", "decided_at"], name="shadowscore_latest")]


class Label(models.Model):
    """One thing said about an event's truth. Projection of `label.recorded` and `label.retracted`.

    `effective` is the event's label after this entry (None: unlabelled), `previous` the one before.
    `conflict`: after this entry two sources say different things of the event.
    """

    position = models.BigIntegerField(primary_key=True)
    event_stream = models.CharField(max_length=400)
    source = models.CharField(max_length=60)
    value = models.CharField(max_length=40, null=True)
    previous = models.CharField(max_length=40, null=True)
    effective = models.CharField(max_length=40, null=True)
    conflict = models.BooleanField(default=False)
    known_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["event_stream"], name="label_event_stream"),
            models.Index(fields=["position"], name="label_conflict", condition=models.Q(conflict=True)),
        ]
        permissions = [
            ("upload_label", "Can upload a file of labels"),
            ("upload_review", "Can upload labels as verdicts of the review queue"),
            ("upload_label_history", "Can upload labels that hold from a time in the past"),
        ]

    def __str__(self) -> str:
        return f"{self.source} on {self.event_stream}"


class SplitPart(models.Func):
    """PostgreSQL's split_part: of an event's stream the second is its source."""

    function = "split_part"
    arity = 3
    output_field = models.TextField()


class Pending(models.Model):
    """An entry that its lane has still to process. A work queue, rebuilt from the log like a projection."""

    class Kind(models.TextChoices):
        EVENT = "event"
        LABEL = "label"
        RESCORE = "rescore"
        CORRECTION = "correction"
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


class Route(models.Model):
    """Which model versions decide an event type. Projection of `route.changed`.

    `arms` is a list of {"name", "model", "role", "share"}; `scoring.registry.routes` says what is allowed.
    """

    event_type = models.CharField(max_length=60, primary_key=True)
    version = models.IntegerField()
    salt = models.CharField(max_length=40)
    unit = models.CharField(max_length=60)
    arms = models.JSONField()
    experiment = models.CharField(max_length=80, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"route of {self.event_type}"
