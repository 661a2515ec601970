"""Lists and listed values: projections of the ruleset."""

from datetime import datetime

from django.db import models

MAX_VALUES = 1_000  # in one entry of the log


class ValueList(models.Model):
    """A list of values of one kind, as it is now. Projection of `list.defined` and `list.archived`.

    `version` is the version of the ruleset that changed it last. An archived list hits nothing.
    """

    class Action(models.TextChoices):
        ALLOW = "allow"
        BLOCK = "block"
        WATCH = "watch"
        TAG = "tag"

    class Match(models.TextChoices):
        VALUE = "value"
        NETWORK = "network"
        DOMAIN = "domain"
        SHA256 = "sha256"

    name = models.CharField(max_length=60, primary_key=True)
    title = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True, default="")
    action = models.CharField(max_length=10, choices=Action.choices)
    kind = models.CharField(max_length=60)
    match = models.CharField(max_length=10, choices=Match.choices)
    code = models.CharField(max_length=80)
    sentence = models.CharField(max_length=200)
    version = models.IntegerField()
    defined_by = models.CharField(max_length=160)
    defined_at = models.DateTimeField()
    changed_by = models.CharField(max_length=160)
    changed_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    archive_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = "list"

    def __str__(self) -> str:
        return self.title

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class ListedValue(models.Model):
    """A value on a list, from version `added_version` of the ruleset until before `removed_version`.

    Projection of `list.values_added` and `list.values_removed`. `key` is the 16 bytes by which it is looked
    up. `value` is the text shown, "" for a personal one, whose key is its digest in the vault. A value that
    `expires_at` a time does not hit from then on, but stays on the list.
    """

    id = models.BigIntegerField(primary_key=True)  # MAX_VALUES * added_version + its place in the entry
    list_name = models.CharField(max_length=60)
    key = models.BinaryField()
    value = models.CharField(max_length=260, blank=True, default="")
    reason = models.CharField(max_length=200)
    tags = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    added_version = models.IntegerField()
    added_by = models.CharField(max_length=160)
    added_at = models.DateTimeField()
    removed_version = models.IntegerField(null=True)
    removed_by = models.CharField(max_length=160, blank=True, default="")
    removed_at = models.DateTimeField(null=True)
    removed_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["list_name", "key"],
                condition=models.Q(removed_version=None),
                name="listedvalue_live_once",
            ),
        ]
        indexes = [
            models.Index(fields=["key"], name="listedvalue_key"),
            models.Index(fields=["list_name", "id"], name="listedvalue_list"),
            models.Index(
                fields=["list_name", "expires_at"],
                name="listedvalue_expiry",
                condition=models.Q(removed_version=None, expires_at__isnull=False),
            ),
        ]
        permissions = [("import_listedvalue", "Can import values of a list from a file")]

    def __str__(self) -> str:
        return f"{self.value or 'a personal value'} on {self.list_name}"

    @property
    def index(self) -> int:
        """Its place in the entry that added it."""
        return self.id % MAX_VALUES

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


def value_id(version: int, index: int) -> int:
    """The key of the row of the value at `index` in the entry of this version of the ruleset."""
    return version * MAX_VALUES + index
