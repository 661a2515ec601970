"""Lists and listed values: projections of the ruleset."""

from datetime import datetime

from django.db import models

MAX_VALUES = 1_000  # in one entry of the log


class ValueList(models.Model):
    """A list of values of one kind, as it is now. Projection of `list.defined` and `list.archived`.

    `version` is the version of the ruleset that changed its definition last. `size` counts its values,
    expired ones too. An archived list hits nothing.
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
    size = models.IntegerField(default=0)
    values_changed_at = models.DateTimeField(null=True)

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
        permissions = [
            ("import_listedvalue", "Can import values of a list from a file"),
            ("allow_listedvalue", "Can define lists that allow events, and change their values"),
        ]

    def __str__(self) -> str:
        return f"{self.value or 'a personal value'} on {self.list_name}"

    @property
    def index(self) -> int:
        """Its place in the entry that added it."""
        return self.id % MAX_VALUES

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class ListImport(models.Model):
    """A file of values for a list, or hashes for a bank: checked first, then added. The log has what it adds.

    `into`: whether `list_name` names a list or a bank.

    `done`: lines read in the current step, of `lines` in all once the file was checked. `new`, `replaced`,
    `unchanged`, `repeated` and `rejected` count what it would do, and after it was added what it did.
    """

    class State(models.TextChoices):
        CHECKING = "checking"
        CHECKED = "checked"
        ADDING = "adding"
        FINISHED = "finished"
        FAILED = "failed"
        DISCARDED = "discarded"

    class Into(models.TextChoices):
        LIST = "list"
        BANK = "bank"

    number = models.AutoField(primary_key=True)
    into = models.CharField(max_length=4, choices=Into.choices, default=Into.LIST)
    list_name = models.CharField(max_length=60)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True, default="")
    expires_at = models.DateTimeField(null=True)
    replace = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    requested_by = models.CharField(max_length=160)
    requested_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    lines = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    new = models.IntegerField(default=0)
    replaced = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    repeated = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    error = models.TextField(blank=True, default="")

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["list_name", "number"], name="listimport_list")]

    def __str__(self) -> str:
        return f"import {self.number} into {self.list_name}"

    @property
    def is_running(self) -> bool:
        return self.state in (self.State.CHECKING, self.State.ADDING)


class ListImportPart(models.Model):
    """A piece of an imported file, or of its rejected lines. In the database, so that any worker reads it."""

    class What(models.TextChoices):
        FILE = "file"
        REJECTS = "rejects"

    of_import = models.IntegerField()
    what = models.CharField(max_length=7, choices=What.choices)
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["of_import", "what", "number"], name="listimportpart_order")
        ]


def value_id(version: int, index: int) -> int:
    """The key of the row of the value at `index` in the entry of this version of the ruleset."""
    return version * MAX_VALUES + index
