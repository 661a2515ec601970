"""What learning reads from the store and the log together, whatever the files' order."""

from datetime import timedelta

import pytest

from scoring.catalog.registry import event_type
from scoring.learning.dataset.vocabularies import count_vocabulary
from scoring.log.append import append
from scoring.offline import export as export_module
from scoring.offline.export import export_log
from scoring.offline.reading import count_values, read_label_rows
from scoring.offline.store import OfflineStore
from tests.factories.log import NOW, labeled, received

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(transactional_db, tmp_path) -> OfflineStore:
    return OfflineStore(str(tmp_path / "offline"))


def effective(store: OfflineStore, **how) -> list[str | None]:
    return read_label_rows("payment", store=store, **how)["effective"].to_pylist()


def test_what_was_said_comes_in_the_order_of_the_log(store, monkeypatch):
    """Merging files brings a day's labels behind those of the day after."""
    monkeypatch.setattr(export_module, "MAX_FILES", 2)
    event, other = append([received("1"), received("2")], now=NOW)
    later = NOW + timedelta(days=1)
    steps = [
        (labeled(event.stream), NOW),
        (labeled(event.stream, version=2, value=None, effective=None, previous="fraud"), later),
        (labeled(other.stream, effective="legitimate"), NOW),
    ]
    for entry, recorded_at in steps:
        append([entry], now=recorded_at)
        export_log(store, now=NOW)
    partitions = [file.partition for file in store.manifest().files_of("labels")]
    assert partitions == ["labels/day=2026-03-02", "labels/day=2026-03-01"]
    assert effective(store) == ["fraud", None, "legitimate"]


def test_what_was_said_after_the_export_is_there_too(store):
    event, other = append([received("1"), received("2")], now=NOW)
    held, said = append([labeled("payment/shop/3"), labeled(event.stream)], now=NOW)
    export_log(store, now=NOW)
    append([received("3")], now=NOW)
    append([labeled(other.stream, effective="legitimate")], now=NOW)
    assert effective(store) == ["fraud", "fraud", "legitimate"]
    assert effective(store, log_position=said.position) == ["fraud", "fraud"]
    assert effective(store, log_position=held.position) == ["fraud"]


def test_a_label_of_an_event_that_never_came_is_not_read(store):
    append([labeled("payment/shop/nowhere")], now=NOW)
    assert effective(store) == []
    export_log(store, now=NOW)
    assert effective(store) == []


def test_values_are_counted_once_wherever_they_lie(store):
    append([received(str(number), category="food") for number in range(3)], now=NOW)
    append([received("none")], now=NOW)
    export_log(store, now=NOW)
    append([received(f"after-{number}", category="food") for number in range(2)], now=NOW)
    append([received("rare", category="fuel")], now=NOW)
    assert count_values("payment", ["category"], as_of=NOW, store=store) == {
        "category": {"food": 5, "fuel": 1}
    }
    assert count_values("payment", ["category"], as_of=NOW - timedelta(days=1), store=store) == {
        "category": {}
    }
    kind = event_type("payment")
    assert count_vocabulary(kind, as_of=NOW, store=store) == {"category": ("food",)}
