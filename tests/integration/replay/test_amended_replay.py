"""Random lanes with corrections and retractions: live, rebuilt, reordered, in columns and replayed alike."""

from datetime import UTC, datetime

import pytest

from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.fold import fold
from scoring.intake.amending.corrections import correct_event, retract_event
from scoring.intake.errors import EventAlreadyRetracted
from scoring.intake.models import Amendment
from scoring.lanes.models import Pending
from scoring.offline.export import export_log
from scoring.offline.lane import iter_lane_batches
from scoring.offline.store import OfflineStore
from scoring.registry.routes import Arm
from scoring.replay.consistency.checking import check_lane
from scoring.replay.consistency.mismatches import read_mismatches
from scoring.replay.service import replay
from scoring.states.rebuild import rebuild_lane
from scoring.states.reorder import reorder_lane
from tests.factories.payments import payment_payload, submission
from tests.integration.lanes.conftest import LANE, online_states, rebuilt_states
from tests.integration.lanes.test_arms import champion, route
from tests.integration.replay.test_replay import BEGINNING, lose_models
from tests.integration.replay.traffic import Traffic

pytestmark = pytest.mark.django_db(transaction=True)


class AmendedTraffic(Traffic):
    """Traffic in which senders change their minds, about events of long ago and about those still queued."""

    def say(self) -> None:
        super().say()
        for number in self.random.sample(self.sent, 4):
            self.amend(number)

    def amend(self, number: int) -> None:
        now = datetime.now(UTC)
        try:
            if self.random.random() < 0.25:
                retract_event(f"payment/shop/T-{number}", reason="a test", now=now)
                return
            customer = f"customer-{self.random.randrange(12)}"
            changes = {"customer": customer, "amount": f"{self.random.randrange(1, 500)}.00"}
            corrected = submission(payment_payload(number, **changes))
            correct_event(corrected, source="shop", reason="the till was wrong", now=now)
        except EventAlreadyRetracted:
            return


def assert_columns_are_items() -> None:
    plan, store = lane_plan(LANE, vocabularies={}), OfflineStore()
    arena = Arena(plan)
    for part in iter_lane_batches(plan, store=store):
        fold(plan, part.batch, arena)
    assert arena.blobs() == rebuilt_states()


@pytest.mark.parametrize("seed", [5, 6])
def test_amended_lanes_come_out_again_bit_for_bit(models, send, work, online_redis, seed):
    traffic = AmendedTraffic(send, work, seed)
    traffic.go(20)
    route(champion(models[0]))
    traffic.go(20)
    online_redis.flushdb()
    traffic.go(10)
    bring_back = lose_models()
    traffic.go(10)
    bring_back()
    traffic.go(10)
    route(champion(models[0], 0.5), Arm("canary", models[1], "canary", 0.5))
    export_log(OfflineStore(), now=datetime.now(UTC))
    traffic.go(10)
    assert online_states() == rebuilt_states()
    rebuild_lane(LANE)
    assert online_states() == rebuilt_states()
    assert_columns_are_items()
    reorder_lane(LANE, reason="for a test")
    traffic.go(10)
    assert online_states() == rebuilt_states()
    assert_columns_are_items()
    assert not Pending.objects.exclude(state="history").exists()  # labels that wait for the clock
    assert set(Amendment.objects.values_list("kind", flat=True)) == {"correction", "retraction"}

    report = replay("payment", since=BEGINNING, until=datetime.now(UTC))
    assert report.first == []
    assert report.is_identical
    assert check_lane(LANE, now=datetime.now(UTC), share=1.0) > 0
    assert read_mismatches(since=BEGINNING) == []
