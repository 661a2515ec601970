"""When a process traces, and what it says if it cannot."""

import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.tracing.starting import start_tracing
from scoring.signals import spans

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    "environment",
    [{}, {ENDPOINT: ""}, {ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "true"}],
    ids=["no endpoint", "an empty one", "disabled"],
)
def test_a_process_that_is_not_asked_does_not_trace(environment: dict[str, str]) -> None:
    assert start_tracing("web", environment=environment) is None
    assert not spans.is_tracing()


def test_an_endpoint_must_be_an_address() -> None:
    with pytest.raises(ImproperlyConfigured, match="'collector:4318'; it must begin with http://"):
        start_tracing("web", environment={ENDPOINT: "collector:4318"})


def test_missing_packages_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "config.tracing.recording", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install -r requirements-tracing\.txt"):
        start_tracing("web", environment={ENDPOINT: "http://collector:4318"})


def test_without_a_tracer_spans_are_free_of_effect() -> None:
    with spans.span("batch", causes=("00-1-2-01",), events=3):
        assert spans.current() == ""
    assert spans.trace_metadata() == {}
    spans.Share().end("decide event", parent="00-1-2-01", cause="")
