"""docs/reference/batch-views.md does what it says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from scoring.batch.compute import statistics
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import median, quantile, share_at, usual_hour
from scoring.batch.compute.trend import Trend
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money
from scoring.event_types.payment import Payment
from scoring.timestamps import to_micros
from tests.factories.views import OrderPlaced, values_of, view_events

TEXT = (Path(settings.BASE_DIR) / "docs" / "reference" / "batch-views.md").read_text()


class Example(EventType):
    name, lane = "example", "examples"
    customer, merchant = Entity(), Entity()
    amount = Money()

    customer_profile = Profile(
        customer,
        over="3d",
        every="1d",
        stale_after="3d",
        typical_amount=median(amount),
        high_amount=quantile(amount, 0.95),
        night_share=share_at(hours=(22, 6)),
        usual_hour=usual_hour(),
    )
    merchant_trend = Trend(merchant, over="1h", against="24h", every="10m", stale_after="45m")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table whose head begins with this column."""
    lines = TEXT.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def moment(text: str) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_the_worked_example_is_right():
    orders = [
        OrderPlaced(moment(when), customer, merchant, amount=100 * float(amount))
        for when, customer, merchant, amount in table("when")
    ]
    events = view_events(orders)
    checked = 0
    for value, entity, expected, _ in table("value | of"):
        view_name, _, name = value.partition(".")
        view = Example.batch_views[view_name]
        of = {spec.field: entity for spec in view.tables}
        found = values_of(view, events, of, as_of_us=moment("2026-03-04 00:00"))[name]
        scale = 100 if view.unit(name) == "money" else 1
        wanted = float("nan") if expected == "missing" else scale * float(expected)
        assert found == pytest.approx(wanted, abs=6e-4, nan_ok=True), value
        checked += 1
    assert checked == 7


def test_every_word_of_a_profile_is_explained():
    explained = TEXT.split("## Profile", 1)[1].split("\n## ", 1)[0]
    for name, word in vars(statistics).items():
        if getattr(word, "__annotations__", {}).get("return") is statistics.Statistic:
            assert f"`{name}(" in explained, name


def test_the_payment_reads_the_views_of_the_page():
    for view in Payment.batch_views.values():
        assert f"{view.name} = {type(view).__name__}(" in TEXT
        for label in (view.over.label, view.every.label, view.stale_after.label):
            assert f'"{label}"' in TEXT
