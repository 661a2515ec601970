"""What rules, lists and banks found: events and counts by day. Written by `scoring.rule_quality`."""

from django.db import models


class RuleHit(models.Model):
    """A finding of the decision that counts: a rule that matched, a listed value, a match of a hash bank.

    That is the latest decision after the event's media were processed, or else the first one.

    `outcome` is what the finding asks for, `base` the policy's outcome of the score alone, `decided` the
    outcome given. `is_unique`: the outcome would be another without this finding or, in shadow, with it.
    `is_needless`: a model's score alone gives what the finding asks for, or a more severe outcome. `label`:
    the event's effective label.
    """

    event_position = models.BigIntegerField()
    event_type = models.CharField(max_length=60)
    kind = models.CharField(max_length=4)
    name = models.CharField(max_length=60)
    field = models.CharField(max_length=60, blank=True, default="")
    number = models.IntegerField()
    stage = models.CharField(max_length=8)
    outcome = models.CharField(max_length=10, blank=True, default="")
    base = models.CharField(max_length=10)
    decided = models.CharField(max_length=10)
    is_unique = models.BooleanField(default=False)
    is_needless = models.BooleanField(default=False)
    stake = models.BigIntegerField(null=True)  # minor units of the type's base currency
    label = models.CharField(max_length=40, null=True)
    decided_at = models.DateTimeField()

    class Meta:
        verbose_name = "rule hit"
        constraints = [
            models.UniqueConstraint(
                fields=["event_position", "kind", "name", "field", "stage"], name="rulehit_finding"
            ),
        ]
        indexes = [
            models.Index(fields=["event_type", "kind", "name", "-decided_at"], name="rulehit_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} on {self.event_position}"


class RuleDay(models.Model):
    """The events of one day (UTC) that one version of a rule, or a list, hit; a sum over `RuleHit`.

    `blocked`: hit events that were blocked, whatever decided; `blocked_labeled`: those of them with a label.
    Events that were blocked and have no label may be either, because what did not happen is not charged back.
    `number` is 0 for a list or bank. `outcome` is what they ask for. `errors`: events on which the rule
    failed at run time; counted without stage and outcome, which decisions do not log with an error.
    """

    event_type = models.CharField(max_length=60)
    day = models.DateField()
    kind = models.CharField(max_length=4)
    name = models.CharField(max_length=60)
    number = models.IntegerField(default=0)
    stage = models.CharField(max_length=8)
    outcome = models.CharField(max_length=10, blank=True, default="")
    hits = models.BigIntegerField(default=0)
    unique_hits = models.BigIntegerField(default=0)
    needless_hits = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    blocked = models.BigIntegerField(default=0)
    stake = models.BigIntegerField(default=0)
    positives = models.BigIntegerField(default=0)
    negatives = models.BigIntegerField(default=0)
    blocked_labeled = models.BigIntegerField(default=0)
    positive_stake = models.BigIntegerField(default=0)
    unique_positives = models.BigIntegerField(default=0)
    unique_negatives = models.BigIntegerField(default=0)
    unique_positive_stake = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "rule quality"
        verbose_name_plural = "rule quality"
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "day", "kind", "name", "number", "stage", "outcome"],
                name="ruleday_rule_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} on {self.day}"


class DecidedDay(models.Model):
    """The decisions of an event type on one day (UTC) that count, and what labels say of their events."""

    event_type = models.CharField(max_length=60)
    day = models.DateField()
    decisions = models.BigIntegerField(default=0)
    stake = models.BigIntegerField(default=0)
    positives = models.BigIntegerField(default=0)
    negatives = models.BigIntegerField(default=0)
    positive_stake = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_type", "day"], name="decidedday_type_day")]

    def __str__(self) -> str:
        return f"{self.event_type} on {self.day}"


class RuleOverlap(models.Model):
    """The events of one day (UTC) that two rules or lists both hit, in whatever stage.

    `left` <= `right` are their names, such as "rule/fast-cards" or "list/stolen"; where they are equal, these
    are all events that it hit.
    """

    event_type = models.CharField(max_length=60)
    day = models.DateField()
    left = models.CharField(max_length=70)
    right = models.CharField(max_length=70)
    hits = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "day", "left", "right"], name="ruleoverlap_pair_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.left} and {self.right} on {self.day}"
