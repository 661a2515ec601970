"""API keys."""

from django.db import models
from django.utils import timezone


class ApiKey(models.Model):
    """A sender's key. Only its SHA-256 is stored; the key (256 random bits) is shown once, at creation."""

    digest = models.CharField(max_length=64, primary_key=True)
    prefix = models.CharField(max_length=12)  # what a person recognises it by
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=60)  # part of every stream this key writes
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"
