"""Hours and days by the clocks of the zone that each event names, the same item by item and in columns."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.catalog.client_fields import TimeZoneName
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.declare import day_of_week, hour_of_day, is_night, is_weekend
from scoring.features.compile.plan import LanePlan, compile_lane, feature_digest
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import Batch, LaneItem, encode
from scoring.features.folding.encode_columns import encode_columns
from scoring.features.folding.fold import fold
from scoring.features.folding.parallel import fold_history
from scoring.features.folding.split import with_columns, without_reads
from scoring.sentences.feature_descriptions import describe_feature
from scoring.sentences.figures import format_value
from scoring.timestamps import to_micros

HOME = "America/New_York"
ZONES = (HOME, "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Apia")
FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
CHANGES = (
    datetime(1972, 1, 7, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
)


def lane(field: str = "zone", **more: Any) -> LanePlan:
    """A lane of sales, whose `field` names their zone, and of logins, which have no such field."""
    card = Entity()
    night = is_night(22, 6)
    sale: dict[str, Any] = {
        "name": "sale",
        "lane": "till",
        "time_zone": HOME,
        "time_zone_field": field,
        "card": card,
        "zone": TimeZoneName(optional=True),
        "features": [
            hour_of_day(),
            day_of_week(),
            night,
            is_weekend(),
            card.count(over="30d", where=night).named("nights"),
            card.count(over="30d", where=night, of="login").named("night_logins"),
            card.count(over="24h").named("sales"),
        ],
        **more,
    }
    login = {"name": "login", "lane": "till", "scored": False, "card": Entity()}
    return compile_lane("till", [type("Sale", (EventType,), sale), type("Login", (EventType,), login)])


PLAN, FIXED = lane(), lane(field="")
FEATURES = PLAN.feature_set("sale")
moments = st.one_of(
    st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
    st.tuples(st.sampled_from(CHANGES), st.integers(0, 172_800)).map(
        lambda at: at[0] + timedelta(seconds=at[1])
    ),
)
sales = st.lists(st.tuples(moments, st.sampled_from([*ZONES, None])), min_size=1, max_size=8)


def items_of(named: list[tuple[datetime, str | None]], event_type: str = "sale") -> list[LaneItem]:
    return [
        LaneItem(seq, "event", event_type, to_micros(at), {"card": "c"} | ({"zone": zone} if zone else {}))
        for seq, (at, zone) in enumerate(named, 1)
    ]


def columns_of(named: list[tuple[datetime, str | None]], plan: LanePlan = PLAN) -> Batch:
    columns = {
        "seq": np.arange(1, len(named) + 1),
        "occurred_at_us": np.array([to_micros(at) for at, _ in named], dtype=np.int64),
        "card": ["c"] * len(named),
        "zone": [zone for _, zone in named],
    }
    return encode_columns(plan, "sale", columns)


def values(items: list[LaneItem], plan: LanePlan = PLAN) -> list[dict[str, float]]:
    batch = encode(plan, items)
    chosen = plan.feature_set("sale")
    rows = chosen.vector_of(fold(plan, batch, Arena.for_batch(plan, batch)))
    return [dict(zip(chosen.names, row.tolist(), strict=True)) for row in rows]


@given(sales)
def test_every_event_has_the_hour_and_day_of_its_own_zone(named: list[tuple[datetime, str | None]]) -> None:
    for found, (moment, zone) in zip(values(items_of(named)), named, strict=True):
        there = moment.astimezone(ZoneInfo(zone or HOME))
        assert (found["hour_of_day"], found["day_of_week"]) == (there.hour, there.weekday())
        assert found["is_night"] == (there.hour >= 22 or there.hour < 6)
        assert found["is_weekend"] == (there.weekday() >= 5)


@given(sales)
def test_columns_of_history_have_the_same_offsets(named: list[tuple[datetime, str | None]]) -> None:
    live, history = encode(PLAN, items_of(named)), columns_of(named)
    assert history.values.tobytes() == live.values.tobytes()
    rows = [fold(PLAN, batch, Arena.for_batch(PLAN, batch)).tobytes() for batch in (live, history)]
    assert rows[0] == rows[1]


def test_a_column_without_any_zone_follows_the_type() -> None:
    named = [(CHANGES[1], None), (CHANGES[2], None)]
    assert columns_of(named).values.tobytes() == encode(PLAN, items_of(named)).values.tobytes()


def test_conditions_count_past_events_by_the_zone_of_each() -> None:
    evening = datetime(2026, 1, 10, 3, 30, tzinfo=UTC)  # 22:30 in New York, 9:15 in Kathmandu
    named = [(evening, None), (evening, "Asia/Kathmandu"), (evening, HOME), (evening, None)]
    assert [each["nights"] for each in values(items_of(named))] == [0, 1, 1, 2]


def test_events_of_a_type_without_the_field_follow_the_declaring_type() -> None:
    evening = datetime(2026, 1, 10, 3, 30, tzinfo=UTC)
    logins = [
        LaneItem(seq, "event", "login", to_micros(at), {"card": "c"})
        for seq, at in enumerate([evening, evening + timedelta(hours=9)], 1)
    ]
    sale = LaneItem(3, "event", "sale", to_micros(evening + timedelta(days=1)), {"card": "c", "zone": "UTC"})
    assert values([*logins, sale])[-1]["night_logins"] == 1


def test_a_zone_that_the_database_lacks_counts_as_missing() -> None:
    """Events of before the field was one of time zones may have any text in it."""
    moment = CHANGES[1]
    assert values(items_of([(moment, "Mars/Olympus")])) == values(items_of([(moment, None)]))
    named: list[tuple[datetime, str | None]] = [(moment, "Mars/Olympus"), (moment, HOME)]
    assert columns_of(named).values.tobytes() == encode(PLAN, items_of(named)).values.tobytes()


def test_threads_and_parts_of_a_plan_tell_the_same_time() -> None:
    named = [(CHANGES[1] + timedelta(hours=7 * n), ZONES[n % len(ZONES)]) for n in range(300)]
    batch = encode(PLAN, items_of(named))
    alone = fold(PLAN, batch, Arena.for_batch(PLAN, batch))
    ((_, slices),) = fold_history(PLAN, [(None, batch)], Arena(PLAN), threads=2)
    assert np.concatenate([part for _, part in slices]).tobytes() == alone.tobytes()
    narrow = with_columns(PLAN, "sale", FEATURES.columns.tolist())
    batch = columns_of(named, narrow)
    assert (
        fold(narrow, batch, Arena.for_batch(narrow, batch)).tobytes() == FEATURES.vector_of(alone).tobytes()
    )


def test_plans_encode_only_the_offsets_that_they_need() -> None:
    hours = [FEATURES.columns[FEATURES.names.index(name)] for name in ("hour_of_day", "sales")]
    encoded = [
        [column for column in plan.encodings["sale"].values if column[2] == "offset"]
        for plan in (PLAN, with_columns(PLAN, "sale", hours), without_reads(PLAN), FIXED)
    ]
    assert [len(columns) for columns in encoded] == [1, 1, 1, 0]  # states count nights
    plain = lane(features=[hour_of_day()])
    assert not without_reads(plain).encodings["sale"].values


# --- hashes ---


def test_a_field_is_part_of_the_hashes_of_what_reads_the_clock() -> None:
    digests = [
        {spec.name: feature_digest(spec) for spec in plan.feature_set("sale").features}
        for plan in (PLAN, FIXED)
    ]
    same = [name for name in digests[0] if digests[0][name] == digests[1][name]]
    assert same == ["sales"]
    assert PLAN.feature_set("sale").hash != FIXED.feature_set("sale").hash
    assert PLAN.layout_id != FIXED.layout_id


def test_an_earlier_set_keeps_the_zone_and_the_hash_that_it_had() -> None:
    class Moved(EventType):
        name = "sale"
        lane = "till"
        time_zone = HOME
        time_zone_field = "zone"
        earlier_time_zones: ClassVar = {"before": HOME}
        card, zone = Entity(), TimeZoneName(optional=True)
        features = [hour_of_day()]
        earlier_features: ClassVar = {"before": features}

    moved, before = compile_lane("till", [Moved]), lane(field="", features=[hour_of_day()])
    newest, earlier = moved.feature_sets("sale")
    assert earlier.hash == before.feature_set("sale").hash != newest.hash
    batch = encode(moved, items_of([(datetime(2026, 1, 10, 3, 30, tzinfo=UTC), "Asia/Kathmandu")]))
    rows = fold(moved, batch, Arena.for_batch(moved, batch))
    assert (newest.vector_of(rows).item(), earlier.vector_of(rows).item()) == (9, 22)


# --- sentences ---


def test_sentences_speak_of_local_time() -> None:
    hour, _, night, *_ = FEATURES.features
    assert describe_feature(hour) == "The hour of the day of the sale, 0 to 23 local time."
    assert describe_feature(night) == "Whether it is between 22:00 and 06:00 local time."
    assert format_value(hour, 3.0) == "03:00 local time"
    assert hour.definition == "hour_of_day()  # zone or America/New_York"
    assert "zone" not in FEATURES.features[-1].definition


@pytest.mark.parametrize("moment", [datetime(1969, 6, 1, tzinfo=UTC), datetime(2150, 6, 1, tzinfo=UTC)])
def test_moments_beyond_the_database_have_its_first_or_last_offset(moment: datetime) -> None:
    named = values(items_of([(moment, HOME)]))
    assert named == values(items_of([(moment, None)]), FIXED)
