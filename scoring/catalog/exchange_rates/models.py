"""Catalog configuration that changes without a release."""

from django.db import models
from django.utils import timezone


class ExchangeRate(models.Model):
    """Units of the base currency for one unit of `currency`, valid from `valid_from`."""

    currency = models.CharField(max_length=3)
    base = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    valid_from = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "base", "valid_from"], name="exchangerate_valid_from"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchangerate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} in {self.base} from {self.valid_from:%Y-%m-%d}"
