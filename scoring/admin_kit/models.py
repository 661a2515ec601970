"""What users choose for themselves in the admin."""

from django.conf import settings
from django.db import models


class UserTimeZone(models.Model):
    """The time zone in which a user sees times; without a row it is the installation's."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="own_time_zone"
    )
    name = models.CharField(max_length=64)  # IANA

    def __str__(self) -> str:
        return self.name
