"""The label sources of keys from before keys were restricted to label sources."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module

from django.apps import apps
from django.db import connection

from scoring.api.models import ApiKey
from scoring.intake.labels import LabelStatement, record_labels

upgrade = import_module("scoring.migrations.0008_keys_with_bounds").let_keys_state_what_they_stated


def test_an_older_key_keeps_its_senders_label_sources_except_review(
    make_key: Callable[..., str],
) -> None:
    for source, scope in [("shop", "labels:write"), ("bank", "labels:write"), ("app", "events:write")]:
        make_key(scope, source=source)
    ApiKey.objects.update(label_sources=[])
    said = [LabelStatement("payment", "T-1", "fraud", source) for source in ("review", "Acme", "chargeback")]
    record_labels(said, source="shop", now=datetime(2026, 3, 1, tzinfo=UTC))

    with connection.schema_editor() as editor:
        upgrade(apps, editor)

    ranked = ["chargeback", "network", "customer"]
    assert dict(ApiKey.objects.values_list("source", "label_sources")) == {
        "shop": [*ranked, "acme", "shop"],
        "bank": [*ranked, "bank"],
        "app": [],
    }
