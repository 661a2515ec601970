"""The catalog with event types of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from scoring.catalog import registry


@contextmanager
def catalog_of(*modules: str) -> Iterator[None]:
    """The catalog with the event types of these modules alone."""
    registry.event_types.cache_clear()
    try:
        with mock.patch.object(registry, "event_type_modules", return_value=list(modules)):
            yield
    finally:
        registry.event_types.cache_clear()


@contextmanager
def catalog_with(*modules: str) -> Iterator[None]:
    """The catalog of the product with the event types of these modules."""
    with catalog_of(*registry.event_type_modules(), *modules):
        yield
