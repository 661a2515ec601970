"""Removes from spans what may quote personal values: statements, commands, addresses, texts of errors."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace.status import Status
from opentelemetry.util.types import Attributes

# Everything else is removed, so that a new version of a package cannot add a leak.
KEPT = (
    *("assay.", "celery.action", "celery.state", "celery.task_name", "messaging.destination"),
    *("db.system", "db.name", "db.operation", "db.namespace"),
    *("http.method", "http.request.method", "http.route", "http.flavor", "http.scheme", "http.server_name"),
    *("http.status_code", "http.response.status_code", "exception.type", "error.type"),
)


class RedactingExporter(SpanExporter):
    """Sends spans by another exporter, without the attributes that are not in KEPT."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([redacted(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def redacted(span: ReadableSpan) -> ReadableSpan:
    """The span as it may leave the installation."""
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(each.name, _kept(each.attributes), each.timestamp) for each in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Attributes) -> Attributes:
    return {name: value for name, value in (attributes or {}).items() if name.startswith(KEPT)}
