"""docs/reference/features.md and docs/how-to/add-an-event-type.md do what they say."""

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from scoring import declare
from scoring.catalog import registry
from scoring.catalog.client_fields import IpAddress, UserAgent
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.currency import minor_units
from scoring.catalog.event_type import PAYLOAD_WORDS, RESERVED_NAMES, EventType
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.policies import Policy
from scoring.catalog.text_fields import Links
from scoring.features.compile import plan as plans
from scoring.features.compile.plan import compile_lane
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.timestamps import to_micros

DOCS = Path(settings.BASE_DIR) / "docs"


class Example(EventType):
    name = "example"
    lane = "docs"
    card = Entity()
    amount = Money()
    features = [
        card.count(over="1h"),
        card.amount.sum(over="1h"),
        card.session(gap="30m").count(),
        card.session(gap="30m").amount.sum(),
        card.session(gap="30m").duration(),
    ]


def table_under(heading: str, *, page: str = "features") -> list[list[str]]:
    """The rows of the first table under a heading of a page of the reference, its head left out."""
    text = (DOCS / "reference" / f"{page}.md").read_text().split(f"\n{heading}\n")[1]
    lines = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def run_example(rows: Sequence[Sequence[str]]) -> tuple[list[dict[str, float]], Arena]:
    """The features of events of these times and amounts, in this order."""
    items = [
        LaneItem(
            seq,
            "event",
            "example",
            to_micros(datetime.fromisoformat(f"2026-03-01T{clock}").replace(tzinfo=UTC)),
            {"card": "c", "amount": {"minor": minor_units(amount, "USD"), "currency": "USD"}},
        )
        for seq, (clock, amount, *_) in enumerate(rows, start=1)
    ]
    plan = compile_lane("docs", [Example])
    batch = encode(plan, items)
    arena = Arena.for_batch(plan, batch)
    features = plan.feature_set("example")
    vectors = features.vector_of(fold(plan, batch, arena)).tolist()
    return [dict(zip(features.names, vector, strict=True)) for vector in vectors], arena


def test_the_worked_example_of_windows_gives_the_numbers_of_the_page() -> None:
    rows = table_under("## What a window covers")
    assert len(rows) == 8
    got, arena = run_example(rows)
    expected = [(float(count), float(total) * 100) for _, _, count, total, _ in rows]
    assert [(row["card_count_1h"], row["card_amount_sum_1h"]) for row in got] == expected
    assert arena.too_late().sum() == 0  # the 30-day ring, for usual values, still held 09:50


def test_the_worked_example_of_a_session_gives_the_numbers_of_the_page() -> None:
    rows = table_under("## What a session covers")
    assert len(rows) == 8
    got, _ = run_example(rows)
    expected = [(float(count), float(total) * 100, float(age)) for _, _, count, total, age, _ in rows]
    names = [f"card_session_30m_{what}" for what in ("count", "amount_sum", "duration")]
    assert [tuple(row[name] for name in names) for row in got] == expected


class Everything(EventType):
    """What the tables of words and conditions speak of."""

    name = "payment"
    lane = "docs"
    card, merchant, device = Entity(), Entity(), Entity(optional=True)
    amount, category, urgent = Money(), Category(optional=True), Flag(optional=True)
    comment = Text(optional=True)
    policies = (Policy("spam"),)
    email, phone, agent = Email(optional=True), Phone(optional=True), UserAgent(optional=True)
    ip = IpAddress(optional=True, networks=("data_centers",))
    lat, lon, lat2, lon2, year = (Number(optional=True) for _ in range(5))
    links = Links(of=comment)
    attachments = Attachments(optional=True)
    device_risk = ExternalSignal(url="https://risk.example", send=(device,), gives=Number())


FIELDS: dict[str, Any] = {**Everything.fields, **Everything.external_signals}


def declare_all(
    cells: Sequence[str], fields: Mapping[str, object], change: Callable[[str], str]
) -> list[Any]:
    """What the code in these cells declares, among these fields."""
    words = {name: getattr(declare, name) for name in declare.__all__}
    written = [change(code) for cell in cells for code in re.findall(r"`([^`]+)`", cell)]
    return [eval(code, {**words, **FIELDS, **fields}) for code in written]  # noqa: S307


def fill_in(word: str) -> str:
    """A word of the table with a window where it leaves one open, and with its entity."""
    for open_end, filled in (("over=", "over='30d'"), ("delay=", "delay='1d'"), ("/std/min/max", "")):
        word = word.replace(open_end, filled)
    return f"card.session(gap='30m'){word}" if word.startswith(".") else word


def test_every_word_of_the_page_can_be_declared() -> None:
    cells = [row[0] for row in table_under("## The words")]
    assert len(cells) > 15
    for declared in declare_all(
        cells, {"a": FIELDS["card"].count(over="1h"), "b": FIELDS["amount"]}, fill_in
    ):
        feature = declare.as_expression(declared).named("word")
        compile_lane("docs", [type("Word", (Everything,), {"features": [feature]})])


@pytest.mark.parametrize(
    ("heading", "signals"),
    [
        ("## Texts", declare.TEXT_SIGNALS),
        ("## Links", declare.LINK_SIGNALS),
        ("## E-mail addresses", declare.EMAIL_SIGNALS),
        ("## Phone numbers", declare.PHONE_SIGNALS),
        ("## IP addresses", [*declare.ADDRESS_SIGNALS, 'is_in("tor")']),
        ("## User agents", declare.USER_AGENT_SIGNALS),
        ("## Pictures and videos", declare.MEDIA_SIGNALS),
    ],
)
def test_the_page_has_every_signal(heading: str, signals: Collection[str]) -> None:
    rows = table_under(heading, page="signals")
    assert [signal.strip("`").removesuffix("()") for signal, _, _ in rows] == list(signals)


def test_the_examples_of_the_page_of_signals_compile() -> None:
    page = (DOCS / "reference" / "signals.md").read_text()
    said: dict[str, Any] = {"__name__": "docs.signals"}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, said)  # noqa: S102
    kinds = [
        each for each in said.values() if isinstance(each, type) and issubclass(each, EventType) and each.name
    ]
    assert {kind.name for kind in kinds} == {"sign_up", "payment"}
    for kind in kinds:
        assert compile_lane(kind.lane, [kind]).feature_set(kind.name).names


class Log(EventType):
    """All entities and features in the page's example."""

    name = "post"
    lane = "docs"
    account, author, card, customer, device, ip, link, merchant, terminal = (Entity() for _ in range(9))
    sender, receiver = Entity(kind="party"), Entity(kind="party")
    amount, comment = Money(), Text(optional=True)


class Login(EventType):
    name, lane, scored = "login", "docs", False
    account, device = Entity(), Entity()


def test_the_pages_declarations_are_valid() -> None:
    cells = [row[1] for row in table_under("### Recipes")]
    assert len(cells) >= 8
    declared = declare_all(cells, Log.fields, lambda code: code)
    named = [
        each.named(f"f{at}") if isinstance(each, declare.Arithmetic) else each
        for at, each in enumerate(declared)
    ]
    compile_lane("docs", [type("Declared", (Log,), {"features": named}), Login])


def test_every_condition_of_the_page_can_be_declared() -> None:
    cells = [row[0] for row in table_under("### Conditions")]
    parts = {"a": FIELDS["urgent"], "b": declare.is_weekend()}
    for where in declare_all(cells, parts, lambda code: f"amount{code}" if code.startswith(".") else code):
        counted = FIELDS["card"].count(over="1h", where=where)
        compile_lane("docs", [type("Some", (Everything,), {"features": [counted]})])


class Transfer(EventType):
    """From account to account."""

    name, lane = "transfer", "docs"
    sender, receiver = Entity(kind="account"), Entity(kind="account")
    amount = Money()


def test_every_role_of_the_page_can_be_declared() -> None:
    cells = [row[0] for row in table_under("### From account to account")]
    declared = declare_all(cells, Transfer.fields, lambda code: code)
    assert len(declared) == 7
    compile_lane("docs", [type("Roles", (Transfer,), {"features": declared})])


@pytest.fixture
def signups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The page's app, written to disk as printed and installed under the name that is printed."""
    text = (DOCS / "how-to" / "add-an-event-type.md").read_text()
    (module,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "signups").mkdir()
    (tmp_path / "signups" / "__init__.py").touch()
    (tmp_path / "signups" / "event_types.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    named = re.findall(r"ASSAY_APPS=(\S+)", text)[0].split(",")
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, *named]):
        registry.event_types.cache_clear()
        yield re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0]
    registry.event_types.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "signups"]:
        del sys.modules[name]


def test_the_pages_app_adds_its_event_type(signups: str) -> None:
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


def test_an_app_adds_its_types_to_the_built_in_ones(signups: str) -> None:
    assert {"payment", "refund", "sign_up", "login"} <= set(registry.event_types())
    assert set(registry.lanes()) >= {"commerce", "accounts"}


def test_the_reserved_field_names_are_listed() -> None:
    page = (DOCS / "how-to" / "add-an-event-type.md").read_text()
    listed = page.partition("**Names.**")[2].partition("A field with")[0]
    named = {name for name in RESERVED_NAMES if not name.startswith("_")} | set(PAYLOAD_WORDS)
    assert set(re.findall(r"`(\w+)`", listed)) == named
