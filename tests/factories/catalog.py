"""The catalog with a test's event types."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from scoring.catalog import registry


@contextmanager
def catalog_of(*modules: str) -> Iterator[None]:
    """The catalog with only the event types of these modules."""
    registry.event_types.cache_clear()
    try:
        with mock.patch.object(registry, "event_type_modules", return_value=list(modules)):
            yield
    finally:
        registry.event_types.cache_clear()


@contextmanager
def catalog_with(*modules: str) -> Iterator[None]:
    """The product's catalog plus the event types of these modules."""
    with catalog_of(*registry.event_type_modules(), *modules):
        yield
