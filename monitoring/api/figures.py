"""What monitoring found over HTTP, to read: the drift of models with all distances, and firing alerts."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring.alerts.models import Alert
from monitoring.alerts.reading import alerts_of, describe_alert, firing_groups
from monitoring.alerts.scopes import PLACE
from monitoring.api.serializers import AlertsSerializer, DriftSerializer
from monitoring.drift.champions import read_champions, read_reports, read_senders_of
from monitoring.drift.describing import describe_report
from scoring.api.items import ApiView
from scoring.api.keys.issue import Sender
from scoring.api.keys.permissions import sender_of
from scoring.api.schema.parts import ALWAYS, answers
from scoring.catalog.registry import scored_types
from scoring.intake.errors import InvalidRequest, RequestProblem

SCOPE = "monitoring:read"
EVENT_TYPE = OpenApiParameter(
    "event_type", str, description="Only this event type. Without it, all that the key allows"
)
DRIFT: dict[str, Any] = {
    "operation_id": "retrieve_drift",
    "summary": "Get the drift of the champions",
    "description": (
        "How far the features and scores of each champion's last day are from its training: PSI with its"
        " threshold, which way values moved, the effect on explanations, and every distance that is computed"
        " (Kullback-Leibler, Jensen-Shannon, Hellinger, Kolmogorov-Smirnov, Wasserstein, the p-value of"
        " chi-square). Also which senders changed what they send. It concerns all senders of the event types"
        " that the key allows."
    ),
    "tags": ["monitoring"],
    "parameters": [EVENT_TYPE],
    "responses": answers({200: (DriftSerializer, "")}, problems=(*ALWAYS, 422)),
}
ALERTS: dict[str, Any] = {
    "operation_id": "list_alerts",
    "summary": "List the alerts that fire",
    "description": (
        "The most severe first; those of one cause follow the first, which is their `parent`. A key that is"
        " restricted to event types sees the alerts on these alone."
    ),
    "tags": ["monitoring"],
    "parameters": [EVENT_TYPE],
    "responses": answers({200: (AlertsSerializer, "")}, problems=(*ALWAYS, 422)),
}


class DriftView(ApiView):
    """The drift of each champion over the last day."""

    scopes = {"GET": SCOPE}

    @extend_schema(**DRIFT)
    def get(self, request: Request) -> Response:
        now, wanted = timezone.now(), read_event_type(request)
        allowed = sender_of(request).event_types
        versions = [
            each
            for each in read_champions()
            if wanted in ("", each.event_type) and (not allowed or each.event_type in allowed)
        ]
        senders = {version.name: found for version, found in read_senders_of(versions, now=now)}
        reports = read_reports(versions, now=now)
        return Response({"models": [describe_report(each, senders.get(each.model, ())) for each in reports]})


class AlertsView(ApiView):
    """The alerts that fire."""

    scopes = {"GET": SCOPE}

    @extend_schema(**ALERTS)
    def get(self, request: Request) -> Response:
        now, wanted, sender = timezone.now(), read_event_type(request), sender_of(request)
        shown = [each for each in alerts_of(firing_groups()) if _is_shown(each, wanted, sender=sender)]
        return Response({"alerts": [describe_alert(each, now=now) for each in shown]})


def read_event_type(request: Request) -> str:
    """The event type that a query asks for, "" for all. Raises InvalidRequest, EventTypeNotAllowed."""
    wanted = request.query_params.get("event_type", "")
    if wanted and wanted not in scored_types():
        allowed = ", ".join(scored_types())
        problem = RequestProblem("event_type", f"{wanted[:60]!r} is not a scored event type", allowed)
        raise InvalidRequest([problem])
    if wanted:
        sender_of(request).check_event_type(wanted)
    return wanted


def _is_shown(alert: Alert, wanted: str, *, sender: Sender) -> bool:
    """Whether an alert is on the wanted event type, if any, and on one that the key allows."""
    concerned = alert.scope.get(PLACE, "")
    return wanted in ("", concerned) and (not sender.event_types or concerned in sender.event_types)
