"""docs/features.md and docs/own-event-type.md do what they say."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from scoring.catalog import registry
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity, Money
from scoring.features import plan as plans
from scoring.features.arena import Arena
from scoring.features.encode import LaneItem, encode
from scoring.features.fold import fold
from scoring.features.plan import compile_lane
from scoring.timestamps import to_micros

DOCS = Path(settings.BASE_DIR) / "docs"


class Example(EventType):
    name = "example"
    lane = "docs"
    card = Entity()
    amount = Money()
    features = [card.count(over="1h"), card.amount.sum(over="1h")]


def test_the_worked_example_gives_the_numbers_of_the_page() -> None:
    text = (DOCS / "features.md").read_text()
    rows = re.findall(r"^\| (\d\d:\d\d:\d\d) \| ([\d.]+) \| (\d+) \| ([\d.]+) \|", text, re.MULTILINE)
    assert len(rows) == 8
    items = [
        LaneItem(
            seq,
            "event",
            "example",
            to_micros(datetime.fromisoformat(f"2026-03-01T{clock}").replace(tzinfo=UTC)),
            {"card": "c", "amount": {"minor": round(float(amount) * 100), "currency": "USD"}},
        )
        for seq, (clock, amount, _, _) in enumerate(rows, start=1)
    ]
    plan = compile_lane("docs", [Example])
    batch = encode(plan, items)
    arena = Arena.for_batch(plan, batch)
    out = fold(plan, batch, arena)
    expected = [(float(count), float(total) * 100) for _, _, count, total in rows]
    assert [(row[0], row[1]) for row in out.tolist()] == expected
    assert arena.too_late() == 0  # the ring of 30 days, which tells what is usual, still held 09:50


@pytest.fixture
def signups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page's app, written to disk as printed and installed as printed."""
    text = (DOCS / "own-event-type.md").read_text()
    module, installing = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "signups").mkdir()
    (tmp_path / "signups" / "__init__.py").touch()
    (tmp_path / "signups" / "event_types.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    namespace = {"INSTALLED_APPS": list(settings.INSTALLED_APPS)}
    exec(installing, namespace)  # noqa: S102 -- the page's own settings line
    with override_settings(INSTALLED_APPS=namespace["INSTALLED_APPS"]):
        registry.event_types.cache_clear()
        yield re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0]
    registry.event_types.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "signups"]:
        del sys.modules[name]


def test_an_app_of_ones_own_adds_an_event_type_as_the_page_says(signups: str) -> None:
    payload = json.loads(signups)
    sign_up = registry.event_type("sign_up")
    parsed = sign_up.parse(payload, now=datetime(2026, 3, 1, 9, 31, tzinfo=UTC))
    assert parsed.personal == ("ip",)
    plan = plans.lane_plan("accounts")
    moment = to_micros(parsed.occurred_at)
    items = [
        LaneItem(1, "event", "login", moment - 1, {"device": "d-81"}),
        LaneItem(2, "event", "sign_up", moment, parsed.fields),
    ]
    batch = encode(plan, items)
    out = fold(plan, batch, Arena.for_batch(plan, batch))
    values = dict(zip(plan.feature_set("sign_up").names, out[1].tolist(), strict=False))
    assert values["hour_of_day"] == 9
    assert values["device_count_1h"] == 0
    assert values["device_login_count_24h"] == 1
    assert values["verified"] == 0


def test_the_built_in_types_stay_when_an_app_adds_its_own(signups: str) -> None:
    assert {"payment", "refund", "sign_up", "login"} <= set(registry.event_types())
    assert set(registry.lanes()) >= {"commerce", "accounts"}
