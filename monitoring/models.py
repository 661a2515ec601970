"""What happened in each hour, counted from the log."""

from django.db import models


class HourlyWindow(models.Model):
    """One hour of one event type. Written by the consumer `monitoring.windows` alone; times in UTC.

    Live entries count in the hour in which they were recorded, entries of loaded history in the hour in which
    they happened. Latencies, from receipt to the first decision, are whole microseconds: sums of integers are
    the same however the entries were batched, so that a rebuilt window equals the first one.
    """

    event_type = models.CharField(max_length=60)
    hour = models.DateTimeField()
    received = models.BigIntegerField(default=0)
    decided_allow = models.BigIntegerField(default=0)
    decided_review = models.BigIntegerField(default=0)
    decided_block = models.BigIntegerField(default=0)
    fallbacks = models.BigIntegerField(default=0)
    revised = models.BigIntegerField(default=0)
    parked = models.BigIntegerField(default=0)
    labels = models.BigIntegerField(default=0)
    latency_us_sum = models.BigIntegerField(default=0)
    latency_us_max = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_type", "hour"], name="hourlywindow_type_hour")]
        indexes = [models.Index(fields=["-hour", "event_type"], name="hourlywindow_latest")]

    def __str__(self) -> str:
        return f"{self.event_type} at {self.hour:%Y-%m-%d %H}:00"

    @property
    def decided(self) -> int:
        return self.decided_allow + self.decided_review + self.decided_block

    @property
    def latency_ms_mean(self) -> float | None:
        """Mean milliseconds from receipt to the first decision; None without decisions."""
        return self.latency_us_sum / self.decided / 1000 if self.decided else None

    @property
    def latency_ms_max(self) -> float:
        """Most milliseconds from receipt to the first decision; 0 without decisions."""
        return self.latency_us_max / 1000
