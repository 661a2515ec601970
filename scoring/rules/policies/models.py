"""Policies by event type and by version, and their history: projections of the ruleset."""

from django.db import models

from scoring.rules.ruleset.life_cycle_rows import MAX_ACTOR, MAX_REASON, VersionInStages, VersionsInUse


class PolicyInUse(VersionsInUse):
    """The policy of an event type, with the numbers of the versions in use."""

    event_type = models.CharField(max_length=60, primary_key=True)

    class Meta:
        verbose_name = "policy in use"
        verbose_name_plural = "policies in use"

    def __str__(self) -> str:
        return f"policy of {self.event_type}"


class StoredPolicy(VersionInStages):
    """A version as drafted (`terms` is the data of its entry), and its stage. The key is
    "{event_type}/{number}".
    """

    key = models.CharField(max_length=75, primary_key=True)
    event_type = models.CharField(max_length=60)
    mode = models.CharField(max_length=10)
    terms = models.JSONField()

    class Meta:
        verbose_name = "policy"
        verbose_name_plural = "policies"
        constraints = [models.UniqueConstraint(fields=["event_type", "number"], name="policy_type_number")]
        permissions = [
            ("draft_policy", "Can draft policies, run them in shadow and request their activation"),
            ("activate_policy", "Can approve or reject activations of policies, and take them out of use"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of the {self.event_type} policy"


class PolicyChange(models.Model):
    """One entry of a policy's history; the key is the entry's position in the log."""

    position = models.BigIntegerField(primary_key=True)
    event_type = models.CharField(max_length=60)
    number = models.IntegerField()
    change = models.CharField(max_length=60)
    actor = models.CharField(max_length=MAX_ACTOR, blank=True, default="")
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["event_type", "position"], name="policychange_type")]

    def __str__(self) -> str:
        return f"{self.change} of policy {self.number} of {self.event_type}"
