from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from demo.simulation.continued import continue_history, draw_period, messages_of
from demo.simulation.history import simulate_history
from demo.simulation.population import make_population
from demo.simulation.sender import EVENTS, LABELS
from scoring.catalog.registry import event_type
from scoring.timestamps import from_iso

SINCE = datetime(2026, 3, 1, 15, 20, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=2)
SETTINGS = {"customers": 500, "seed": 5}


@pytest.fixture(scope="module")
def history():
    return simulate_history(days=30, rate_per_day=300, end=UNTIL, **SETTINGS)


def continued(*, received=frozenset()):
    messages = continue_history(
        make_population(**SETTINGS), since=SINCE, rate=300, received=lambda _: received
    )
    return [*takewhile(lambda message: message[0] < 2 * 86_400, messages)]


def test_the_continuation_equals_a_longer_history(history):
    sent = [body for _, path, body in continued() if path == EVENTS]
    expected = history[history.occurred_at >= SINCE]
    assert [event["id"] for event in sent] == expected.id.tolist()
    assert [from_iso(event["occurred_at"]) for event in sent] == expected.occurred_at.tolist()
    assert [float(event["amount"]) for event in sent] == pytest.approx(expected.amount.tolist())


def test_messages_are_due_when_their_events_occur():
    messages = continued()
    assert [due for due, _, _ in messages] == sorted(due for due, _, _ in messages)
    for due, path, body in messages:
        if path == EVENTS:
            assert SINCE + timedelta(seconds=due) == from_iso(body["occurred_at"])


def test_labels_of_earlier_events_are_sent_only_if_those_were_received(history):
    known = (history.label_known_at >= SINCE) & (history.occurred_at < SINCE)
    earlier = set(history.id[known])
    assert len(earlier) > 5
    one = sorted(earlier)[0]
    labeled = {body["event_id"] for _, path, body in continued(received={one}) if path == LABELS}
    assert labeled & earlier == {one}


def test_two_adjacent_periods_equal_one_long_period():
    population, middle = make_population(**SETTINGS), SINCE + timedelta(hours=7)
    whole, first, second = (
        messages_of(draw_period(population, since=since, until=until, rate=300, received=set))
        for since, until in ((SINCE, UNTIL), (SINCE, middle), (middle, UNTIL))
    )
    assert whole == first + second


def test_times_are_plain_datetimes():
    traffic = draw_period(make_population(**SETTINGS), since=SINCE, until=UNTIL, rate=300, received=set)
    assert {type(at) for at, _, _ in messages_of(traffic)} == {datetime}


def test_every_payload_is_accepted_by_the_catalog():
    for _, path, body in continued():
        if path == EVENTS:
            event_type(body["type"]).parse(body, now=UNTIL, rates={})
