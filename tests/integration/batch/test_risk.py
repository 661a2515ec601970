"""Risk profiles: from logged scores to what events read, with overrides, and as a table for people."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis

from scoring.batch.models import BatchVersion
from scoring.batch.publishing import publish
from scoring.batch.risk.consumers import PROFILES
from scoring.batch.risk.errors import InvalidRiskOverride, NoRiskOverride, UnknownRiskView
from scoring.batch.risk.models import RiskOverride, RiskProfile
from scoring.batch.risk.overrides import end_override, override_risk
from scoring.batch.risk.scores import iter_scored
from scoring.batch.status import is_due
from scoring.batch.stored import read_tables
from scoring.event_types.payment import Payment
from scoring.intake.receive import receive_events
from scoring.lanes.lock import held_lane
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.entries import START, Entry
from scoring.log.read import read_horizon, read_stream
from scoring.log.rebuild import find_projection, rebuild_projections
from scoring.offline.store import OfflineStore
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.log import NOW, decided, received
from tests.factories.payments import MARCH, payment_payload, submission
from tests.factories.rules import store_rule

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VIEW = Payment.customer_risk
KEY = "payment.customer_risk"


@pytest.fixture(autouse=True)
def _stores(transactional_db: None, online_redis: redis.Redis, tmp_path, settings) -> None:
    settings.OFFLINE_URL = str(tmp_path / "offline")
    connections.client.cache_clear()


def pay(name: str, score: float | None, *, customer: str = "ann", at: datetime = NOW) -> Entry:
    """A payment that a model decided at that time."""
    entry = received(name, customer=customer, merchant="m-1")
    entry.data["occurred_at"] = at.isoformat()
    (event,) = append([entry], now=at)
    append([decided(event, score=score)], now=at)
    return event


def override(score: float = 0.9, *, customer: str = "ann", now: datetime, lasts: timedelta = DAY) -> Entry:
    return override_risk(
        view=KEY,
        entity=customer,
        score=score,
        reason="Known to the police",
        expires_at=now + lasts,
        actor="user/lee",
        now=now,
    )


def risks(number: int) -> dict[str, float]:
    """What a version says of each customer, rounded."""
    (table,) = read_tables(VIEW, BatchVersion.objects.get(view=KEY, number=number))
    return {key: round(score, 3) for key, score in zip(table.keys, table.matrix[:, 0].tolist(), strict=True)}


def test_a_version_is_the_one_before_and_the_events_scored_since() -> None:
    pay("a", 0.5)
    pay("b", 0.2, customer="bo")
    publish(VIEW, now=NOW)
    assert risks(1) == {"ann": 0.5, "bo": 0.2}
    assert publish(VIEW, now=NOW + HOUR) is None
    pay("c", 0.5, at=NOW + 7 * DAY)
    publish(VIEW, now=NOW + 7 * DAY)
    assert risks(2) == pytest.approx({"ann": 1 - 0.5 * 0.5**0.5, "bo": 1 - 0.8**0.5}, abs=0.001)


def test_an_event_counts_once_with_its_first_score() -> None:
    event = pay("a", None)
    publish(VIEW, now=NOW)
    assert risks(1) == {}
    append([decided(event, revision=1, score=0.4)], now=NOW + HOUR)
    publish(VIEW, now=NOW + DAY)
    assert risks(2)["ann"] > 0.35
    append([decided(event, revision=2, score=0.99)], now=NOW + DAY)
    publish(VIEW, now=NOW + 2 * DAY)
    assert risks(3)["ann"] < risks(2)["ann"]


def test_events_are_read_in_pages_each_once() -> None:
    for number in range(5):
        pay(f"{number}", 0.1 * number, customer=f"c{number % 2}")
    pages = list(iter_scored(VIEW, after=START, horizon=read_horizon(), since=NOW - DAY, page=2))
    assert [len(page.scores) for page in pages] == [2, 2, 1]
    assert sorted(score for page in pages for score in page.scores.tolist()) == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4]
    )


def test_an_override_holds_from_the_next_version_until_it_expires() -> None:
    pay("a", 0.2)
    publish(VIEW, now=NOW)
    assert not is_due(VIEW, now=NOW + HOUR)
    override(0.9, now=NOW + HOUR, lasts=2 * HOUR)
    assert is_due(VIEW, now=NOW + HOUR)
    publish(VIEW, now=NOW + HOUR)
    assert risks(2) == {"ann": 0.9}
    assert not is_due(VIEW, now=NOW + 2 * HOUR)
    assert is_due(VIEW, now=NOW + 3 * HOUR)
    publish(VIEW, now=NOW + 3 * HOUR)
    assert risks(3)["ann"] == pytest.approx(0.2, abs=0.01)


def test_an_override_can_be_replaced_and_ended() -> None:
    override(0.9, now=NOW)
    override(0.1, now=NOW + HOUR)
    publish(VIEW, now=NOW + HOUR)
    assert risks(1) == {"ann": 0.1}
    end_override(view=KEY, entity="ann", reason="Cleared", actor="user/lee", now=NOW + 2 * HOUR)
    publish(VIEW, now=NOW + 2 * HOUR)
    assert risks(2) == {}
    with pytest.raises(NoRiskOverride, match=r"no override of payment\.customer_risk holds for 'ann'"):
        end_override(view=KEY, entity="ann", reason="Cleared", actor="user/lee", now=NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"score": 1.5}, "score is 1.5; it must be a number from 0 to 1"),
        ({"score": float("nan")}, "score is nan"),
        ({"reason": " "}, "reason must say why the risk is overridden"),
        ({"expires_at": NOW}, "expires_at is 2026-03-01T12:30:00"),
        ({"expires_at": NOW + 400 * DAY}, "a time from now to 366 days from now"),
        ({"entity": ""}, "entity is missing"),
    ],
)
def test_a_wrong_override_changes_nothing_and_names_the_field(changes, problem) -> None:
    given = {"entity": "ann", "score": 0.5, "reason": "Why", "expires_at": NOW + DAY} | changes
    with pytest.raises(InvalidRiskOverride, match=problem):
        override_risk(view=KEY, **given, actor="user/lee", now=NOW)
    with pytest.raises(UnknownRiskView, match=r"payment\.taste"):
        override_risk(view="payment.taste", **given, actor="user/lee", now=NOW)
    assert not RiskOverride.objects.exists()


def test_card_numbers_in_reasons_are_not_stored() -> None:
    change = {"view": KEY, "entity": "ann", "reason": "used 4111 1111 1111 1111", "actor": "user/lee"}
    entries = [
        override_risk(**change, score=0.5, expires_at=NOW + DAY, now=NOW),
        end_override(**change, now=NOW + HOUR),
    ]
    assert [entry.data["reason"] for entry in entries] == ["used ************1111"] * 2


def test_overrides_are_rebuilt_row_for_row() -> None:
    override(0.9, now=NOW)
    override(0.5, customer="bo", now=NOW)
    end_override(view=KEY, entity="bo", reason="Cleared", actor="user/lee", now=NOW + HOUR)
    before = list(RiskOverride.objects.order_by("key").values())
    assert [row["ended_by"] for row in sorted(before, key=lambda row: row["entity"])] == ["", "user/lee"]
    RiskOverride.objects.update(score=0)
    rebuild_projections([find_projection("riskoverride")])
    assert list(RiskOverride.objects.order_by("key").values()) == before


def test_profiles_say_the_newest_version_with_the_scores_before_it_and_can_be_rebuilt() -> None:
    event = pay("a", 0.5)
    pay("b", 0.01)
    publish(VIEW, now=NOW)
    override(0.9, now=NOW + HOUR)
    publish(VIEW, now=NOW + HOUR)
    catch_up(PROFILES, now=NOW + HOUR)
    ann = RiskProfile.objects.get(view=KEY, entity="ann")
    assert (ann.score, ann.version, ann.as_of) == (0.9, 2, NOW + HOUR)
    assert ann.computed == pytest.approx(0.503, abs=0.01)
    assert ann.events[0][:2] == [event.position, 0.5]
    assert ann.history_at == [NOW, NOW + HOUR]
    assert ann.history_scores == pytest.approx([0.505, 0.9], abs=0.01)
    before = list(RiskProfile.objects.values())
    rebuild_consumer(PROFILES, now=NOW + HOUR)
    assert [row | {"id": 0} for row in RiskProfile.objects.values()] == [row | {"id": 0} for row in before]


def test_an_entity_that_has_faded_loses_its_profile() -> None:
    pay("a", 0.5)
    publish(VIEW, now=NOW)
    catch_up(PROFILES, now=NOW)
    pay("b", 0.5, customer="bo", at=NOW + 60 * DAY)
    publish(VIEW, now=NOW + 60 * DAY)
    catch_up(PROFILES, now=NOW + 60 * DAY)
    assert list(RiskProfile.objects.values_list("entity", flat=True)) == ["bo"]


def test_without_the_file_of_the_version_before_risks_are_computed_anew() -> None:
    pay("a", 0.5)
    publish(VIEW, now=NOW)
    whole = risks(1)
    (Path(OfflineStore().url) / "batch" / KEY / "00000001.parquet").unlink()
    publish(VIEW, now=NOW + DAY)
    assert risks(2)["ann"] == pytest.approx(whole["ann"], abs=0.06)
    assert risks(2)["ann"] < whole["ann"]


def test_a_rule_reads_the_risk_and_a_stale_one_is_missing() -> None:
    store_rule("active", name="risky", expression="customer_risk > 0.8 && merchant_risk < 0.5")
    store_rule("active", name="unknown", expression="!has(customer_risk)", outcome="block")
    override(0.9, customer="customer-1", now=MARCH - HOUR, lasts=30 * DAY)
    override(0.1, customer="customer-2", now=MARCH - HOUR, lasts=30 * DAY)
    override_risk(
        view="payment.merchant_risk",
        entity="merchant-1",
        score=0.2,
        reason="Known",
        expires_at=MARCH + DAY,
        actor="user/lee",
        now=MARCH - HOUR,
    )
    for view in (VIEW, Payment.merchant_risk):
        publish(view, now=MARCH - HOUR)
    found = {}
    for name, customer, at in (
        ("risky", "customer-1", MARCH),
        ("safe", "customer-2", MARCH),
        ("other", "customer-3", MARCH),
        ("late", "customer-1", MARCH + 4 * DAY),
    ):
        fields = {"customer": customer, "merchant": "merchant-1", "occurred_at": to_iso(at)}
        payload = payment_payload(1, id=name, **fields)
        receive_events([submission(payload)], source="shop", now=at)
        with held_lane("commerce"):
            runner = LaneRunner("commerce")
            while runner.step():
                pass
            runner.finish()
        found[name] = read_stream(f"payment/shop/{name}")[1].data
    matched = {name: [each["name"] for each in data["findings"]] for name, data in found.items()}
    assert matched == {"risky": ["risky"], "safe": [], "other": ["unknown"], "late": ["unknown"]}
    assert found["risky"]["batch"]["payment.customer_risk"] == 1
    assert found["late"]["batch"]["payment.customer_risk"] is None
