"""The consumer of alerts."""

from monitoring.notifications.noticing import NOTICES
from scoring.log.consumers.registry import register

register(NOTICES)
