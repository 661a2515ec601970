"""The switch "rules only" of each event type: a projection of the ruleset."""

from django.db import models


class RulesOnlySwitch(models.Model):
    """Whether lists and rules alone decide an event type, and who switched. `ruleset`: the version that did.

    Types without a row were never switched: their models decide.
    """

    event_type = models.CharField(max_length=60, primary_key=True)
    on = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True, default="")
    ruleset = models.IntegerField()
    changed_by = models.CharField(max_length=80, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "rules only"
        verbose_name_plural = "rules only"
        permissions = [("set_rulesonly", "Can switch the models of an event type off and on")]

    def __str__(self) -> str:
        return f"rules only of {self.event_type}"
