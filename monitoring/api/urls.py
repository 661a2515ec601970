"""Addresses of what monitoring found, below /api/v1/."""

from django.urls import path

from monitoring.api.business import BusinessView
from monitoring.api.figures import AlertsView, DriftView

app_name = "monitoring-api"

urlpatterns = [
    path("monitoring/drift", DriftView.as_view(), name="drift"),
    path("monitoring/alerts", AlertsView.as_view(), name="alerts"),
    path("monitoring/business", BusinessView.as_view(), name="business"),
]
