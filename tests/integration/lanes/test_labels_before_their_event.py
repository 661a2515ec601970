"""An event whose sender's clock is ahead may be labeled before its own time."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring.learning.dataset.training_set import join_labels
from scoring.learning.dataset.vectors_and_labels import read_labels, read_vectors
from scoring.learning.leakage.times import check_times
from scoring.timestamps import to_iso
from tests.factories.payments import payments
from tests.integration.lanes.test_corrections import say

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_label_counts_from_its_event_on(send, work, settings, tmp_path):
    settings.OFFLINE_URL = str(tmp_path / "offline")
    later = datetime.now(UTC) + timedelta(minutes=4)
    send([*payments(1), *payments(1, start=1, occurred_at=to_iso(later))])
    say(1, "fraud")
    work()
    vectors = read_vectors("payment", vocabulary={})
    data = join_labels(
        vectors=vectors,
        labels=read_labels(vectors),
        as_of=later + timedelta(minutes=1),
        matures_after=timedelta(0),
    )
    check_times(data)
    assert data.y.tolist() == [0, 1]
    assert data.times.first_labeled_at.tolist()[1] == data.occurred_at.tolist()[1]
