"""Rules by name and by version, their suppressions and their history: projections of the ruleset."""

from django.db import models

from scoring.rules.ruleset.life_cycle_rows import VersionInStages, VersionsInUse


class Rule(VersionsInUse):
    """A rule by its name, with the numbers of the versions in use. The key is "{event_type}/{name}"."""

    key = models.CharField(max_length=130, primary_key=True)
    event_type = models.CharField(max_length=60)
    name = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_type", "name"], name="rule_event_type_name")]
        permissions = [
            ("draft_rule", "Can draft rules, run them in shadow and request their activation"),
            ("activate_rule", "Can approve or reject activations, roll rules back and take them out of use"),
            ("suppress_rule", "Can suppress a rule for one entity"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.event_type}"


class StoredRuleVersion(VersionInStages):
    """A version as drafted, and its stage. The key is "{event_type}/{name}/{number}"."""

    key = models.CharField(max_length=145, primary_key=True)
    rule = models.CharField(max_length=130)
    event_type = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    expression = models.TextField()
    outcome = models.CharField(max_length=20)
    code = models.CharField(max_length=60)
    sentence = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    share = models.FloatField(default=1.0)
    unit = models.CharField(max_length=60, blank=True, default="")
    overrides_lists = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="ruleversion_rule_number")]
        indexes = [models.Index(fields=["event_type", "stage"], name="ruleversion_type_stage")]

    def __str__(self) -> str:
        return f"version {self.number} of {self.name}"


class RuleSuppression(models.Model):
    """A rule that does not apply to one entity until a date. The key is "{rule}/{field}/{value's key}".

    `value` is the text shown; "" for a personal value, which the vault has.
    """

    key = models.CharField(max_length=230, primary_key=True)
    rule = models.CharField(max_length=130)
    field = models.CharField(max_length=60)
    value_key = models.CharField(max_length=32)
    value = models.CharField(max_length=200, blank=True, default="")
    until = models.DateTimeField()
    reason = models.CharField(max_length=500)
    suppressed_by = models.CharField(max_length=80, blank=True, default="")
    suppressed_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=80, blank=True, default="")
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["rule"], name="rulesuppression_rule")]

    def __str__(self) -> str:
        return f"suppression of {self.rule} for a {self.field}"


class RuleChange(models.Model):
    """One entry of a rule's history; the key is the entry's position in the log."""

    position = models.BigIntegerField(primary_key=True)
    rule = models.CharField(max_length=130)
    number = models.IntegerField(null=True)
    change = models.CharField(max_length=60)
    actor = models.CharField(max_length=80, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rule", "position"], name="rulechange_rule")]

    def __str__(self) -> str:
        return f"{self.change} of {self.rule}"
