"""What receipts add to the windows of senders and fields."""

from datetime import timedelta

import pytest

from monitoring.quality.baselines import delay_quantile
from monitoring.quality.counting import FieldHour, SenderHour, count_receipts, delay_bin, sum_to_days
from scoring.log.entries import Entry
from scoring.timestamps import to_iso
from tests.factories.log import NOW, as_read, received

HOUR = NOW.replace(minute=0)


def at(minutes: float, *, delay: timedelta = timedelta(0), **fields: object) -> Entry:
    """A receipt some minutes after NOW."""
    new = received("T-1", **fields)
    moment = NOW + timedelta(minutes=minutes)
    data = {**new.data, "occurred_at": to_iso(moment - delay)}
    return as_read(new)._replace(recorded_at=moment, data=data)


def test_a_value_counts_in_a_bin_and_a_missing_one_as_missing() -> None:
    counted = count_receipts([at(0, category="travel"), at(1, category="gas"), at(2)])

    category = counted.fields[FieldHour("payment", "shop", "category", HOUR)]
    assert (category.present, category.missing, sorted(category.bins.values())) == (2, 1, [1, 1])
    currency = counted.fields[FieldHour("payment", "shop", "currency", HOUR)]
    assert list(currency.bins.values()) == [3]


def test_a_detected_value_was_not_sent() -> None:
    entry = at(0, category="travel")
    detected = entry._replace(data={**entry.data, "detected": ["category"]})

    counted = count_receipts([detected])

    assert counted.fields[FieldHour("payment", "shop", "category", HOUR)].missing == 1


def test_hours_are_apart_and_add_up_to_days() -> None:
    counted = count_receipts([at(0), at(29), at(30), at(31)])

    cards = {key.start: each for key, each in counted.fields.items() if key.field == "card"}
    assert {start: each.present for start, each in cards.items()} == {HOUR: 2, HOUR + timedelta(hours=1): 2}
    [day] = [each for key, each in sum_to_days(counted.fields).items() if key.field == "card"]
    assert (day.present, sum(day.bins.values())) == (4, 4)


def test_a_type_that_the_catalog_no_longer_has_is_left_out() -> None:
    entry = at(0)
    gone = entry._replace(data={**entry.data, "type": "gone"})

    assert count_receipts([gone]).senders == {}


@pytest.mark.parametrize(
    ("delay", "ahead", "late", "too_late"),
    [
        (timedelta(seconds=-6), 1, 0, 0),
        (timedelta(seconds=2), 0, 0, 0),
        (timedelta(hours=2), 0, 1, 0),
        (timedelta(days=2), 0, 1, 1),
    ],
    ids=str,
)
def test_delays_are_told_apart(delay: timedelta, ahead: int, late: int, too_late: int) -> None:
    sender = count_receipts([at(0, delay=delay)]).senders[SenderHour("payment", "shop", HOUR)]

    assert (sender.ahead, sender.late, sender.too_late) == (ahead, late, too_late)
    assert sender.delays == {delay_bin(delay): 1}


@pytest.mark.parametrize(
    ("delay", "seconds"), [(-200, -180), (-1, 0), (3, 0), (7_300, 7_200), (10**7, 2_592_000)]
)
def test_a_delay_is_read_at_the_edge_of_its_bin_nearest_to_zero(delay: int, seconds: int) -> None:
    assert delay_quantile({delay_bin(timedelta(seconds=delay)): 9}, 0.5) == seconds
