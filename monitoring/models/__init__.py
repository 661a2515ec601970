"""The tables of monitoring, by room; Django finds them here."""

from monitoring.alerts.models import (
    Alert,
    AlertChange,
    AlertSilence,
    AlertTimer,
    MetricCheck,
    RecentValues,
    StoredAlertRule,
)
from monitoring.models.performance import (
    BusinessDay,
    BusinessHour,
    LabelDelay,
    LabelWeek,
    ModelPerformance,
    PerformanceWeek,
)
from monitoring.models.quality import FieldDay, FieldWindow, QualityBaseline, SenderWindow, SubmissionWindow
from monitoring.models.retraining import GuardrailTrip, StoredGuardrails, StoredTriggers, TriggerCheck
from monitoring.models.windows import (
    ArmWindow,
    BatchWindow,
    HourlyWindow,
    MinuteWindow,
    ModelSegmentWindow,
    ModelSenderWindow,
    ModelWindow,
    TrafficWindow,
    VectorWindow,
)
from monitoring.notifications.models import AlertNotice, NotificationMessage, NotificationSettings

__all__ = [
    "Alert",
    "AlertChange",
    "AlertNotice",
    "AlertSilence",
    "AlertTimer",
    "ArmWindow",
    "BatchWindow",
    "BusinessDay",
    "BusinessHour",
    "FieldDay",
    "FieldWindow",
    "GuardrailTrip",
    "HourlyWindow",
    "LabelDelay",
    "LabelWeek",
    "MetricCheck",
    "MinuteWindow",
    "ModelPerformance",
    "ModelSegmentWindow",
    "ModelSenderWindow",
    "ModelWindow",
    "NotificationMessage",
    "NotificationSettings",
    "PerformanceWeek",
    "QualityBaseline",
    "RecentValues",
    "SenderWindow",
    "StoredAlertRule",
    "StoredGuardrails",
    "StoredTriggers",
    "SubmissionWindow",
    "TrafficWindow",
    "TriggerCheck",
    "VectorWindow",
]
