"""Every mistake in a declaration is refused with a message that names it, the module and the line."""

import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings

from scoring.catalog import registry
from scoring.catalog.event_type import EventType
from scoring.declare.errors import CatalogError
from scoring.features.compile.plan import compile_lane

# A module as a user would write it; the mistake goes into the line that begins with >.
MODULE = """
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.declare import distance, is_night, pair, years_since


class Payout(EventType):
    name, lane, scored = "payout", "shop", False
    card = Entity()
    total = Money()
    banner = Text(optional=True)


class Sale(EventType):
    name, lane = "sale", "shop"
    card, shop, owner_id = Entity(), Entity(), Entity(kind="owner")
    amount, points = Money(), Number(optional=True)
    note, plan = Category(optional=True), Category(optional=True, values=("free", "paid"))
    gift = Flag(optional=True)
    text = Text(optional=True)

    features = [
        card.count(over="1h"),
>       {mistake},
        card.amount.mean(over="30d"),
    ]


class Login(EventType):
    name, lane, scored = "login", "shop", False
    card, terminal = Entity(), Entity()
    buyer, seller = Entity(kind="owner"), Entity(kind="owner")
"""
LINE = MODULE.splitlines().index(">       {mistake},") + 1

MISTAKES = [
    # Names that are not there
    ('card.amonut.sum(over="1h")', "sale has no field 'amonut'; it has card, shop"),
    ('Payout.card.count(over="2h")', "sale has no field 'card'"),
    ('pair(card, Payout.card).count(over="1h")', "sale has no field 'card'"),
    ('card.count(over="1h", of="payback")', "of='payback' is not an event type of lane shop: login, "),
    ('card.session(gap="1h", of="payback").count()', "of='payback' is not an event type of lane shop"),
    ('shop.count(over="1h", of="payout")', "payout has no entity 'shop'"),
    ('card.amount.sum(over="1h", of="payout")', "payout has no field 'amount'; it has card, total"),
    ('card.last(amount, of="login")', "login has no field 'amount'; it has card, terminal"),
    ('card.changed(shop, of="payout")', "payout has no field 'shop'"),
    ('card.amount.median(over="1h")', "a field has no 'median'; use sum, mean, std, min or max"),
    ('card.session(gap="1h").amount.mean()', "a field of a session has no 'mean'; use sum"),
    # Fields of the wrong type
    ('card.note.sum(over="1h")', "sale.note is not a Money or Number or Flag field"),
    ('card.session(gap="1h").note.sum()', "sale.note is not a Money or Number or Flag field"),
    (
        'card.distinct(amount, over="1h")',
        "sale.amount is not a Entity or Category or Text or UserAgent field",
    ),
    ("card.last(note)", "sale.note is not a Money or Number or Flag field"),
    ("card.changed(amount)", "'amount' is not a Entity or Category or Text or UserAgent field"),
    ('card.is_new("shop")', "'shop' is not a field"),
    ('card.last(card.amount.mean(over="1h"))', "a feature is not a field"),
    ("years_since(1970)", "1970 is not a field"),
    ("years_since(amount)", "'amount' is not a Number field"),
    ("distance(points, points, points, amount)", "'amount' is not a Number field"),
    ("amount.links()", "only a Text field has 'links', not a Money"),
    ("amount.domain()", "only a Email field has 'domain', not a Money"),
    ("amount.length()", "only a Text or Email field has 'length', not a Money"),
    ("(amount / 2).links()", "only a Text field has 'links', not a feature"),
    ("card.links()", "an entity has no word 'links'"),
    ("Payout.banner.links()", "sale has no field 'banner'"),
    # Two fields of one kind
    ('owner_id.count(over="1h", of="login")', "login has several fields of kind 'owner': buyer, seller; say"),
    ('pair(owner_id, card).count(over="1h", of="login")', 'meant: pair(owner_id, card).as_("buyer", "card")'),
    ('owner_id.as_("byer").count(over="1h", of="login")', "login has no field 'byer'; it has card, terminal"),
    ('owner_id.as_("card").count(over="1h", of="login")', "login.card is of kind 'card', and owner_id of"),
    ('card.as_(card, shop).count(over="1h")', "as_() takes one field for each entity: 1 here, not 2"),
    ('card.as_(card).as_(card).count(over="1h")', "as_() can be used once"),
    ("card.as_(5)", "5 is not a field"),
    ("card.as_(card).since_first()", "since_first() is since the first event in any role; leave out as_()"),
    ('pair(card, card).count(over="1h")', "a pair takes two different fields, not card twice"),
    ('pair(card.as_(card), shop).count(over="1h")', "as_() comes after it: pair(a, b).as_(c, d)"),
    # Lengths of time
    ('card.count(over="5 minutes")', "'5' is not a length of time; write for example '5m', '24h' or '30d'"),
    ("card.count(over=30)", "over=30 names no window"),
    ('card.count(over="")', "over='' names no window"),
    ('card.count(over="4000d")', "'4000d' is longer than ten years"),
    ('card.count(over="7s")', "window 7s is not divisible by its tile (window/12)"),
    ('card.count(over="5m", tile="7s")', "window 5m is not divisible by its tile 7s"),
    ('card.count(over="1h", tile="10m")', "tile 10m is coarser than a twelfth of window 1h"),
    ('card.session(gap="half an hour").count()', "'half an hour' is not a length of time"),
    ("card.session(gap=30).count()", "30 is not a length of time"),
    ('card.fraud_share(over="7d", delay="soon")', "'soon' is not a length of time"),
    ("is_night(22, 22)", "is_night takes two different hours from 0 to 23, not 22 and 22"),
    # Conditions
    ('card.count(over="1h", where="amount < 5")', "'amount < 5' is not a condition; write for example"),
    ('card.count(over="1h", where=amount)', "a Money is not a condition"),
    ('card.count(over="1h", where=gift & 5)', "5 is not a condition"),
    ('card.count(over="1h", where=amount.below(5) and gift)', "conditions are joined with &, not with 'and'"),
    ('card.count(over="1h", where=amount.below("5"))', "below() compares with a number, not with '5'"),
    ('card.count(over="1h", where=amount.below(4.999))', "where=amount.below(4.999): USD has 2 decimals"),
    ('card.count(over="1h", where=note.is_(5))', "is_() takes one or more names, not 5"),
    ('card.count(over="1h", where=note.is_())', "is_() takes one or more names, not nothing"),
    ('card.count(over="1h", where=gift.is_("yes"))', "is_() takes True or False, not 'yes'"),
    ('card.count(over="1h", where=gift.is_(True, False))', "a flag is compared with True or with False"),
    ('card.count(over="1h", where=plan.is_("gold"))', "is not one of the allowed values; allowed: "),
    ('card.count(over="1h", of="payout", where=gift)', "payout has no field 'gift'; it has card, total"),
    ('card.since_last(where=Payout.total.above(5))', "sale has no field 'total'"),
    # The rest
    ('card.distinct(shop, over="1h", cap=0)', "cap must be at least 1 and at most 1024, not 0"),
    ("card.is_new(shop, cap=True)", "cap must be at least 1 and at most 1024, not True"),
    ('card.count(over="1h")', "sale already has a feature 'card_count_1h' (shop.event_types, line "),
    ('card.count(over="24h").named("busy card")', "'busy card' cannot be a feature's name; give it one"),
    ('card.count(over="1h 24h").named("busy")', "'busy' cannot name several features"),
    ('amount / card.amount.mean(over="1h 2h")', "arithmetic takes one window; declare each window"),
    ('amount / "card"', "'card' is not a feature, a field or a number"),
    ('(note * 2).named("twice")', "note is a category; arithmetic with its codes is meaningless"),
    ('amount / plan.named("kind")', "plan is a category; arithmetic with its codes is meaningless"),
    ('amount.named("paid", says="{amount} paid")', "says='{amount} paid' may contain {value} and no other"),
    ("amount / 2.5", "'amount_to_2.5' cannot be a feature's name; give it one with .named()"),
]  # fmt: skip


def declare(text: str) -> list[type[EventType]]:
    """The event types of a module of this text."""
    namespace: dict[str, Any] = {"__name__": "shop.event_types"}
    exec(compile(text, "event_types.py", "exec"), namespace)  # noqa: S102 -- the module above
    return [namespace[name] for name in ("Payout", "Sale", "Login")]


@pytest.mark.parametrize(("mistake", "problem"), MISTAKES, ids=[mistake for mistake, _ in MISTAKES])
def test_a_mistake_is_refused_with_its_line(mistake: str, problem: str) -> None:
    with pytest.raises(CatalogError) as refused:
        compile_lane("shop", declare(MODULE.replace(">       {mistake}", f"        {mistake}")))
    assert refused.value.problem.startswith(problem) or problem in refused.value.problem
    assert (refused.value.module, refused.value.line) == ("shop.event_types", LINE)
    assert str(refused.value).startswith(f"shop.event_types, line {LINE}: ")


def test_the_module_without_a_mistake_is_accepted() -> None:
    compile_lane("shop", declare(MODULE.replace(">       {mistake},\n", "")))


# A line of the module, its replacement, the message, and the line it names, counted from the replaced one.
OF_TYPES = [
    ("    card = Entity()", "    card = Entity()\n    features = [card.since_last()]",
     "payout is not scored, so it cannot have features", 1),
    ('    name, lane = "sale", "shop"', '    name = "sale"', "Sale names no lane", -1),
    ('    name, lane = "sale", "shop"', '    name, lane = "sale!", "shop"',
     "Sale: name and lane must be identifiers", -1),
    ("    features = [", "    features = [5,", "5 is not a feature", -8),
    ("    gift = Flag(optional=True)", "    currency = Flag()", "'currency' is reserved in payloads", 0),
]  # fmt: skip


@pytest.mark.parametrize(("line", "written", "problem", "below"), OF_TYPES)
def test_a_mistake_in_a_type_is_refused_at_the_type(
    line: str, written: str, problem: str, below: int
) -> None:
    text = MODULE.replace(">       {mistake},\n", "")
    at = text.splitlines().index(line) + 1
    with pytest.raises(CatalogError) as refused:
        compile_lane("shop", declare(text.replace(line, written, 1)))
    assert problem in refused.value.problem
    assert (refused.value.module, refused.value.line) == ("shop.event_types", at + below)


@pytest.mark.parametrize("mistake", ['card.count(over="7s")', 'card.amonut.sum(over="1h")'])
def test_the_catalog_check_reports_a_mistake_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    """Whether it is seen while the module is read or when the lane is compiled."""
    app = tmp_path / "mistaken"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "event_types.py").write_text(MODULE.replace(">       {mistake}", f"        {mistake}"))
    monkeypatch.syspath_prepend(tmp_path)
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "mistaken"]):
        registry.event_types.cache_clear()
        messages = run_checks(tags=["catalog"])
    registry.event_types.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "mistaken"]:
        del sys.modules[name]
    assert [message.id for message in messages] == ["scoring.E001"]
    assert messages[0].msg.startswith(f"mistaken.event_types, line {LINE}: ")
    assert "\n" not in messages[0].msg
