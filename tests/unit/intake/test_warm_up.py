"""What is loaded before the first event."""

from pathlib import Path
from typing import Any

from scoring.catalog.registry import event_type
from scoring.catalog.signals.reference_files import disposable_domains
from scoring.intake.external.source import sources
from scoring.intake.warm_up import warm_up_signals
from tests.factories.catalog import catalog_with


def test_lists_are_read_and_services_prepared_before_the_first_event(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "disposable.txt"
    path.write_text("mailinator.com")
    settings.DISPOSABLE_DOMAINS = str(path)
    disposable_domains.cache_clear()
    sources.cache_clear()
    with catalog_with("tests.factories.joins", "tests.factories.orders"):
        warm_up_signals()
        path.unlink()
        signals = event_type("join").signals_of({"email": "a@mailinator.com"}).values
        assert signals["email.is_disposable"] is True
        prepared = sources.cache_info().misses
        assert len(sources("order")) == 3
        assert sources.cache_info().misses == prepared
    disposable_domains.cache_clear()
    sources.cache_clear()
