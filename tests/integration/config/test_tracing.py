"""Traces as a collector receives them: of a request, and of the batch in which a lane decided its event."""

import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import redis
from django.db import connections
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider

from config.tracing.recording import record_spans, stop_recording
from scoring.lanes.lock import held_lane
from scoring.log.read import read_stream
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import spans
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api, MakeKey, make_key  # noqa: F401 (a fixture)

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = CALLER[:-2] + "00"


class Collector:
    """An OTLP endpoint that keeps the spans it is sent."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        kept = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        kept.extend(scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                logging.getLogger(__name__).debug("%s", arguments)

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def named(self, name: str) -> Any:
        [found] = [span for span in self.received if span.name == name]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


@pytest.fixture
def provider(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[TracerProvider]:
    """This process traces; its connections are opened anew, so that statements are recorded."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    connections.close_all()
    provider = record_spans("test")
    yield provider
    stop_recording(provider)
    connections.close_all()


@pytest.fixture
def api(transactional_db: None, make_key: MakeKey, online_redis: redis.Redis) -> Api:  # noqa: F811
    return Api(make_key())


def work() -> None:
    with held_lane("commerce") as held:
        assert held
        runner = LaneRunner("commerce")
        while runner.step():
            pass


def test_a_request_is_followed_from_its_caller_to_the_decision(
    api: Api, provider: TracerProvider, collector: Collector
) -> None:
    api.post("events", payment_payload(1), traceparent=CALLER)
    work()
    provider.force_flush()
    request, decided = collector.named("POST api/v1/events"), collector.named("decide event")
    assert request.trace_id.hex() == CALLER[3:35]
    assert request.parent_span_id.hex() == CALLER[36:52]
    assert collector.named("append").trace_id == request.trace_id
    assert decided.trace_id == request.trace_id
    batch = collector.named("lane batch")
    assert batch.trace_id != request.trace_id  # it decides events of many requests
    assert [link.trace_id for link in batch.links] == [request.trace_id]
    assert [link.span_id for link in decided.links] == [batch.span_id]
    assert collector.named("sequence").parent_span_id == batch.span_id
    assert collector.named("write batch").trace_id == batch.trace_id
    assert collector.named("persist").parent_span_id == collector.named("write batch").span_id


def test_spans_quote_no_statement_address_or_value(
    api: Api, provider: TracerProvider, collector: Collector
) -> None:
    api.post("events?on_timeout=fallback", payment_payload(1), traceparent=CALLER)
    provider.force_flush()
    told = {each.key for span in collector.received for each in span.attributes}
    assert "db.system" in told
    assert not told & {"db.statement", "db.query.text", "http.url", "url.full", "net.peer.ip"}
    assert "card-1" not in str(collector.received)
    assert "on_timeout" not in str(collector.received)


def test_a_request_that_its_caller_does_not_sample_leaves_no_trace(
    api: Api, provider: TracerProvider, collector: Collector
) -> None:
    api.post("events", payment_payload(1), traceparent=UNSAMPLED)
    assert spans.METADATA_KEY not in read_stream("payment/shop/T-1")[0].metadata
    provider.force_flush()
    assert [span for span in collector.received if span.trace_id.hex() == UNSAMPLED[3:35]] == []


def test_nothing_is_recorded_after_tracing_has_stopped(api: Api, collector: Collector) -> None:
    api.post("events", payment_payload(1), traceparent=CALLER)
    assert not spans.is_tracing()
    assert "traceparent" not in read_stream("payment/shop/T-1")[0].metadata
    assert collector.received == []
