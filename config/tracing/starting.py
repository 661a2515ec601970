"""Starts to trace a process if an OTLP endpoint is configured; otherwise no package of it is imported."""

from collections.abc import Callable, MutableMapping

from django.core.exceptions import ImproperlyConfigured

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
DISABLED = "OTEL_SDK_DISABLED"
# Probes and scrapes would be most of the traces. Read when the package is imported.
EXCLUDED, PROBES = "OTEL_PYTHON_DJANGO_EXCLUDED_URLS", "healthz,readyz,metrics"


def start_tracing(process: str, *, environment: MutableMapping[str, str]) -> Callable[[], None] | None:
    """Record and send spans from now on, as `process`; returns what sends the last ones when it ends.

    None if the environment does not ask for traces. Before the first request or connection of the process.

    Raises ImproperlyConfigured if the packages are missing or the endpoint is not an address.
    """
    if environment.get(DISABLED, "").lower() == "true":
        return None
    named = next((name for name in ENDPOINTS if environment.get(name)), None)
    if named is None:
        return None
    if not environment[named].startswith(("http://", "https://")):
        raise ImproperlyConfigured(
            f"{named} is {environment[named]!r}; it must begin with http:// or https://."
        )
    environment.setdefault(EXCLUDED, PROBES)
    try:
        from config.tracing.recording import record_spans  # noqa: PLC0415 (its packages are optional)
    except ModuleNotFoundError as missing:
        raise ImproperlyConfigured(
            f"{named} is set, but the package {missing.name} is missing:"
            " pip install -r requirements-tracing.txt"
        ) from missing
    return record_spans(process).shutdown
