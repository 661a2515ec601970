"""Hours and days are told by the clocks of the event type's time zone, summer time included."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money
from scoring.declare import Expression, day_of_week, hour_of_day, is_night, is_weekend
from scoring.features.compile.plan import LanePlan, compile_lane, feature_digest
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.features.folding.parallel import fold_history
from scoring.sentences.feature_descriptions import describe_feature
from scoring.sentences.figures import format_value
from scoring.timestamps import to_micros

NEW_YORK = ZoneInfo("America/New_York")
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
SPRING, AUTUMN = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def lane(zone: str = "America/New_York", **more: Any) -> LanePlan:
    """A lane of one type in a zone; `more`: further members of its declaration."""
    card, amount = Entity(), Money()
    night = is_night(22, 6)
    declared: dict[str, Any] = {
        "name": "sale",
        "lane": "till",
        "time_zone": zone,
        "card": card,
        "amount": amount,
        "features": [
            hour_of_day(),
            day_of_week(),
            night,
            is_weekend(),
            card.count(over="30d", where=night).named("nights"),
            card.count(over="30d", where=is_weekend()).named("weekends"),
        ],
        **{name: feature(card) if callable(feature) else feature for name, feature in more.items()},
    }
    return compile_lane("till", [type("Sale", (EventType,), declared)])


def sales(*moments: datetime) -> list[LaneItem]:
    fields = {"card": "c", "amount": {"minor": 100, "currency": "USD"}}
    return [LaneItem(seq, "event", "sale", to_micros(at), fields) for seq, at in enumerate(moments, 1)]


def values(plan: LanePlan, *moments: datetime, which: int = 0) -> list[dict[str, float]]:
    batch = encode(plan, sales(*moments))
    chosen = plan.feature_sets("sale")[which]
    rows = chosen.vector_of(fold(plan, batch, Arena.for_batch(plan, batch)))
    return [dict(zip(chosen.names, row.tolist(), strict=True)) for row in rows]


LOCAL, WORLD = lane(), lane("UTC")


def is_late(moment: datetime) -> bool:
    return moment.hour >= 22 or moment.hour < 6


@given(
    st.lists(
        st.integers(0, 130 * 8_766 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes)),
        min_size=1,
        max_size=5,
    )
)
def test_every_event_has_the_hour_and_day_of_the_clocks_there(moments: list[datetime]) -> None:
    for found, moment in zip(values(LOCAL, *moments), moments, strict=True):
        there = moment.astimezone(NEW_YORK)
        assert (found["hour_of_day"], found["day_of_week"]) == (there.hour, there.weekday())
        assert found["is_night"] == is_late(there)
        assert found["is_weekend"] == (there.weekday() >= 5)


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        (SPRING.replace(hour=6, minute=59), 1),
        (SPRING.replace(hour=7), 3),
        (AUTUMN.replace(hour=5, minute=59), 1),
        (AUTUMN.replace(hour=6), 1),
        (AUTUMN.replace(hour=7), 2),
    ],
)
def test_clocks_skip_an_hour_in_spring_and_repeat_one_in_autumn(moment: datetime, hour: int) -> None:
    assert values(LOCAL, moment)[0]["hour_of_day"] == hour


def test_conditions_count_past_events_by_the_same_clocks() -> None:
    evening = datetime(2026, 1, 10, 2, 30, tzinfo=UTC)  # a Friday evening there
    found = values(LOCAL, evening, evening + timedelta(hours=1), evening + timedelta(hours=3))
    assert [each["nights"] for each in found] == [0, 0, 1]
    assert [each["weekends"] for each in found] == [0, 0, 0]
    found = values(WORLD, evening, evening + timedelta(hours=1), evening + timedelta(hours=3))
    assert [each["nights"] for each in found] == [0, 1, 2]
    assert [each["weekends"] for each in found] == [0, 1, 2]


def test_usual_values_count_by_the_same_clocks() -> None:
    def features(card: Any) -> list[Expression]:
        night = is_night(22, 6)
        return [
            card.count(over="24h", where=night),
            card.amount.mean(over="24h", where=night),
            card.since_last(where=night),
        ]

    plan, first = lane(features=features), datetime(2026, 1, 10, 3, 30, tzinfo=UTC)  # 22:30 there
    batch = encode(plan, sales(first, first + timedelta(days=1), first + timedelta(days=2, hours=-1)))
    rows = fold(plan, batch, Arena.for_batch(plan, batch))
    count, _, gap = plan.feature_set("sale").context_of(rows)[2].tolist()
    assert (count, gap) == (pytest.approx(2 * 24 / 47), 47 * 3600 / 2)


def test_threads_and_bulk_tell_the_same_time() -> None:
    moments = [SPRING + timedelta(hours=7 * number) for number in range(400)]
    batch = encode(LOCAL, sales(*moments))
    alone = fold(LOCAL, batch, Arena.for_batch(LOCAL, batch))
    ((_, rows),) = fold_history(LOCAL, [(None, batch)], Arena(LOCAL), threads=2)
    together = np.concatenate([part for _, part in rows])
    assert together.tobytes() == alone.tobytes()


# --- hashes ---


def test_a_zone_is_part_of_the_hashes_of_what_reads_the_clock() -> None:
    assert LOCAL.feature_set("sale").hash != WORLD.feature_set("sale").hash
    assert LOCAL.layout_id != WORLD.layout_id
    digests = [
        [feature_digest(spec) for spec in plan.feature_set("sale").features] for plan in (LOCAL, WORLD)
    ]
    assert not {*digests[0]} & {*digests[1]}


def test_a_zone_changes_no_hash_of_features_that_read_no_clock() -> None:
    def counts(card: Any) -> list[Expression]:
        return [card.count(over="1h"), card.amount.sum(over="1h")]

    local, world = lane(features=counts), lane("UTC", features=counts)
    assert local.feature_set("sale").hash == world.feature_set("sale").hash
    assert local.layout_id == world.layout_id


class Moved(EventType):
    """A type that has moved to local time, while a model of before is live."""

    name = "sale"
    lane = "till"
    time_zone = "America/New_York"
    earlier_time_zones: ClassVar = {"before": "UTC"}
    card, amount = Entity(), Money()
    features = [hour_of_day(), card.count(over="30d", where=is_night(22, 6))]
    earlier_features: ClassVar = {"before": features}


def test_an_earlier_set_keeps_its_zone_and_hash() -> None:
    class Before(EventType):
        name = "sale"
        lane = "till"
        card, amount = Entity(), Money()
        features = [hour_of_day(), card.count(over="30d", where=is_night(22, 6))]

    plan, before = compile_lane("till", [Moved]), compile_lane("till", [Before])
    assert plan.feature_sets("sale")[1].hash == before.feature_set("sale").hash
    evening = datetime(2026, 1, 10, 3, 30, tzinfo=UTC)
    moments = [evening - timedelta(hours=1), evening, evening + timedelta(days=1)]
    assert values(plan, *moments, which=1) == values(before, *moments)
    newest = values(plan, *moments)
    assert [each["hour_of_day"] for each in newest] == [21, 22, 22]


# --- sentences ---


def test_sentences_name_the_place_whose_clocks_tell_the_time() -> None:
    hour, _, night, weekend, nights, _ = LOCAL.feature_set("sale").features
    assert describe_feature(hour) == "The hour of the day of the sale, 0 to 23 New York time."
    assert describe_feature(night) == "Whether it is between 22:00 and 06:00 New York time."
    assert describe_feature(weekend) == "Whether it is Saturday or Sunday, New York time."
    assert "(22:00 to 06:00 New York time)" in describe_feature(nights)
    assert format_value(hour, 3.0) == "03:00 New York time"


def test_definitions_state_the_zone_where_it_matters() -> None:
    def features(card: Any) -> list[Expression]:
        return [hour_of_day(), card.count(over="1h", where=is_weekend()), card.count(over="1h")]

    defined = [spec.definition for spec in lane(features=features).feature_set("sale").features]
    assert [text.endswith("  # America/New_York") for text in defined] == [True, True, False]
    world = [spec.definition for spec in lane("UTC", features=features).feature_set("sale").features]
    assert world[0] == "hour_of_day()"
