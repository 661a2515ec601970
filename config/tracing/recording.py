"""Traces by OpenTelemetry: requests, tasks, statements, and the stages of Assay's own work.

The standard environment variables say where spans go and how many are kept: OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_SERVICE_NAME and others.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.tracing.redaction import RedactingExporter
from scoring.signals import spans

INSTRUMENTORS = (DjangoInstrumentor, CeleryInstrumentor, Psycopg2Instrumentor, RedisInstrumentor)

_w3c = TraceContextTextMapPropagator()


def record_spans(process: str) -> TracerProvider:
    """Record spans of this process and send them in the background. Once in a process, before its work."""
    name = os.environ.get("OTEL_SERVICE_NAME", "assay")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name, "assay.process": process}))
    provider.add_span_processor(BatchSpanProcessor(RedactingExporter(OTLPSpanExporter())))
    for instrumentor in INSTRUMENTORS:
        instrumentor().instrument(tracer_provider=provider)
    spans.install(OpenTelemetry(provider.get_tracer("assay")))
    return provider


def stop_recording(provider: TracerProvider) -> None:
    """Undo `record_spans`, and send what is recorded."""
    spans.uninstall()
    for instrumentor in INSTRUMENTORS:
        instrumentor().uninstrument()
    provider.shutdown()


class OpenTelemetry:
    """The tracer of `scoring.signals.spans`."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def span(
        self, name: str, attributes: spans.Attributes, *, parent: str, causes: Sequence[str]
    ) -> Iterator[None]:
        context = context_of(parent) if parent else None
        with self._tracer.start_as_current_span(
            name, context, attributes=_named(attributes), links=_links(causes)
        ):
            yield

    def add(self, name: str, attributes: spans.Attributes, *, parent: str, began: int, cause: str) -> None:
        self._tracer.start_span(
            name,
            context_of(parent),
            attributes=_named(attributes),
            links=_links([cause] if cause else []),
            start_time=began,
        ).end()

    def current(self) -> str:
        context = trace.get_current_span().get_span_context()
        if not (context.is_valid and context.trace_flags.sampled):
            return ""
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier["traceparent"]


def context_of(traceparent: str) -> Context:
    """The context of a W3C trace context; an empty one if it is not valid."""
    return _w3c.extract({"traceparent": traceparent}, context=Context())


def _links(causes: Sequence[str]) -> list[trace.Link]:
    contexts = (trace.get_current_span(context_of(cause)).get_span_context() for cause in causes)
    return [trace.Link(context) for context in contexts if context.is_valid]


def _named(attributes: spans.Attributes) -> dict[str, Any]:
    """The attributes with the namespace that keeps them apart from standard ones."""
    return {f"assay.{name}": value for name, value in attributes.items()}
