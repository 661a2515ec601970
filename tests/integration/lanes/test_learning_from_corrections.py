"""Corrected and retracted events in training, vocabularies and batch views."""

from datetime import UTC, datetime, timedelta

import pytest
from pyarrow import concat_tables

from scoring.batch.reading import read_events, read_timely_events
from scoring.catalog.registry import event_type
from scoring.intake.models import Amendment
from scoring.learning.dataset.export import iter_tables, read_training_set
from scoring.learning.dataset.training_set import join_labels
from scoring.learning.dataset.vectors_and_labels import read_labels, read_vectors
from scoring.offline.export import export_log
from scoring.offline.reading import count_values
from scoring.offline.store import OfflineStore
from scoring.states.history import sequence_history
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE
from tests.integration.lanes.test_corrections import correct, retract, say
from tests.integration.lanes.test_history import add_history

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING_TO_MATURE = timedelta(0)


@pytest.fixture
def amended(send, work, settings, tmp_path) -> datetime:
    """Payment 2 is corrected twice and payment 3 retracted, both labeled; gives a time before that.

    Payment 5 is corrected without a label.
    """
    settings.OFFLINE_URL = str(tmp_path / "offline")
    send(payments(6))
    say(2, "fraud")
    say(3, "fraud")
    work()
    before = datetime.now(UTC)
    correct(2, merchant="merchant-x", category="food")
    work()
    correct(2, merchant="merchant-y", category="food", amount="99.00")
    retract(3)
    correct(5, amount="77.00")
    work()
    say(4, "fraud")
    work()
    return before


def training(as_of: datetime) -> dict[str, tuple[float, int]]:
    """The amount and label of each event of the training set, by id."""
    table = concat_tables(
        iter_tables(read_training_set("payment", as_of=as_of, matures_after=NOTHING_TO_MATURE))
    )
    rows = zip(*(table[name].to_pylist() for name in ("_id", "amount", "_label")), strict=True)
    found = [(external_id, (amount, label)) for external_id, amount, label in rows]
    assert len(found) == len(dict(found))
    return dict(found)


def test_training_uses_the_versions_known_at_the_cut_off(amended):
    now = datetime.now(UTC)
    later, earlier = training(now), training(amended)
    assert later.keys() == {"T-0", "T-1", "T-2", "T-4", "T-5"}
    assert earlier.keys() == {f"T-{number}" for number in range(6)}
    assert later["T-5"] == (7700.0, 0)
    assert later["T-2"] == (1250.0, 1)  # corrected when its label was known, so no correction is learned from
    assert earlier["T-2"] == (1250.0, 1)
    assert earlier["T-3"][1] == 1
    assert (earlier["T-4"][1], later["T-4"][1]) == (0, 1)
    between = Amendment.objects.order_by("position").first().amended_at
    assert training(between)["T-2"] == (1250.0, 1)


def test_the_log_position_looked_at_bounds_amendments_too(amended):
    first = Amendment.objects.order_by("position").first().position
    vectors = read_vectors("payment", vocabulary={}, log_position=first - 1)
    labels = read_labels(vectors, log_position=first - 1)
    data = join_labels(
        vectors=vectors, labels=labels, as_of=datetime.now(UTC), matures_after=NOTHING_TO_MATURE
    )
    assert len(data.y) == 6
    assert data.y.sum() == 2


@pytest.mark.parametrize("exported", [False, True])
def test_values_are_counted_from_the_versions_known_then(amended, exported):
    if exported:
        export_log(OfflineStore(), now=datetime.now(UTC))
    now = datetime.now(UTC)
    assert count_values("payment", ["category"], as_of=now) == {"category": {"grocery": 4, "food": 1}}
    assert count_values("payment", ["category"], as_of=amended) == {"category": {"grocery": 6}}


def merchants_read(read) -> list[str]:
    """The amounts of the payments from which a view is computed, by time."""
    names = read(event_type("payment").batch_views["merchant_trend"]).names["merchant"]
    return [names.uniques[code] for code in names.codes.tolist()]


@pytest.mark.parametrize("exported", [False, True])
def test_batch_views_use_the_current_versions(amended, exported):
    if exported:
        export_log(OfflineStore(), now=datetime.now(UTC))
    now_read = ["merchant-0", "merchant-1", "merchant-y", "merchant-1", "merchant-2"]
    assert merchants_read(read_events) == now_read


def test_history_was_known_as_it_was_received_before_it_was_corrected(send, work, settings, tmp_path):
    settings.OFFLINE_URL = str(tmp_path / "offline")
    add_history(range(4))
    sequence_history(LANE)
    correct(1, merchant="merchant-x")
    retract(2)
    work()
    assert merchants_read(read_timely_events) == ["merchant-0", "merchant-1", "merchant-2", "merchant-0"]
    assert merchants_read(read_events) == ["merchant-0", "merchant-x", "merchant-0"]
