"""What the editor says of an event is what a live rule found when the lane decided it."""

from datetime import UTC, datetime

import pytest

from scoring.log.models import LogEntry
from scoring.log.read import read_positions
from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.changing.listing import add_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.rules.compiling import compile_draft
from scoring.rules.rules.trial.decided_events import FeatureColumns, read_decided_events
from scoring.rules.rules.trial.trying import MATCHED, Trial
from tests.factories.models import promote, train_small_models
from tests.factories.rules import store_rule
from tests.integration.rules.rules.conftest import Decide

pytestmark = pytest.mark.django_db(transaction=True)

EXPRESSIONS = {
    "amount": "amount > 15.5",
    "busy": "card_count_1h >= 2 && amount >= 11.5",
    "mean": "amount > card_amount_mean_30d * 1.1",
    "spent": "card_amount_sum_24h > 40",
    "recent": "card_since_last < 400",
    "text": 'category == "grocery" && merchant.endsWith("-1")',
    "missing": "!has(customer_lat) && has(ip)",
    "unknown": "customer_lat > 5 || amount > 20",
    "score": "score > 0.005",
    "listed": 'listed(card, "stolen") || tagged(ip, "office")',
    "sender": 'source == "shop" && device == "device-2"',
    "hours": "hour_of_day >= 12 && day_of_week != 7",
}


def findings_in_log() -> dict[str, set[str]]:
    """The rules that matched, by the event's stream."""
    made = LogEntry.objects.filter(type="decision.made").values_list("position", flat=True)
    return {
        entry.stream: {each["name"] for each in entry.data.get("findings", ()) if each["kind"] == "rule"}
        for entry in read_positions(list(made))
    }


@pytest.mark.parametrize("with_model", [False, True], ids=["no model", "model"])
def test_the_editor_answers_as_the_lane_did(decide_payments: Decide, with_model: bool) -> None:
    if with_model:
        [model] = train_small_models(15)
        promote(model)
    now = datetime.now(UTC)
    who = {"actor": "user/ana", "now": now}
    define_list(name="stolen", title="Stolen", action="watch", kind="card", **who)
    define_list(name="office", title="Office", action="tag", kind="ip", match="network", **who)
    add_values(list_name="stolen", values=[NewValue("card-3", "seen")], **who)
    add_values(list_name="office", values=[NewValue("192.0.2.0/31", "ours")], **who)
    for name, expression in EXPRESSIONS.items():
        store_rule("shadow", name=name, expression=expression)
    decide_payments(40)

    found = findings_in_log()
    events = read_decided_events(sorted(found), columns=FeatureColumns("payment"))
    said: dict[str, set[str]] = {event.stream: set() for event in events}
    for name, expression in EXPRESSIONS.items():
        for event, answer, _ in Trial(compile_draft(expression, "payment"), now=now).ask(events):
            if answer == MATCHED:
                said[event.stream].add(name)
    assert said == found
    assert set().union(*found.values()) >= set(EXPRESSIONS) - ({"score"} if not with_model else set())
