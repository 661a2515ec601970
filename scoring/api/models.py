"""API keys."""

from datetime import datetime

from django.db import models
from django.utils import timezone


class ApiKey(models.Model):
    """A sender's key. Only its SHA-256 is stored; the key (256 random bits) is shown once, at creation.

    An empty list of `event_types` or `networks` means no restriction; an empty list of `label_sources` means
    that the key can state no labels.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    prefix = models.CharField(max_length=12)  # identifies the key to people
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=60)  # part of every stream this key writes
    scopes = models.JSONField(default=list)
    label_sources = models.JSONField(default=list, blank=True)
    event_types = models.JSONField(default=list, blank=True)
    networks = models.JSONField("client addresses", default=list, blank=True)  # CIDR
    # The outcome that events get at least until their media are processed; None: as their type says.
    media_pending_outcome = models.CharField(max_length=20, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)  # to a minute

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"

    def state(self, now: datetime) -> str:
        """`revoked`, `expired` or `valid`."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= now else "valid"
