"""Every word of the declaration language is complete: a new one fails here until it is."""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import get_type_hints

import pytest

from scoring import declare
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import median
from scoring.catalog.client_fields import IpAddress, UserAgent
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.event_type import EventType
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Category, Entity, Flag, Money, Number, Text
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.text_fields import Links
from scoring.declare import (
    Condition,
    Expression,
    NamedField,
    OnEntity,
    Word,
    day_of_week,
    distance,
    hour_of_day,
    is_night,
    is_weekend,
    parts_of,
    words,
    years_since,
)
from scoring.declare.lowering import Program, Register
from scoring.declare.protocols.grammar import Grammar
from scoring.features.compile.plan import compile_lane
from scoring.features.compile.specs import FeatureSpec
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import LaneItem, encode
from scoring.features.folding.fold import fold
from scoring.sentences.feature_descriptions import (
    describe_coverage,
    describe_feature,
    describe_missing,
    describe_usual,
)
from scoring.sentences.grammar import FeatureGrammar
from scoring.sentences.value_sentences import describe_value


class Sale(EventType):
    """Says every word at least once."""

    name, lane = "sale", "shop"
    card, shop = Entity(), Entity(optional=True, says="at this shop")
    amount, tip = Money(), Money(optional=True)
    plan, gift = Category(), Flag()
    latitude, longitude, born = Number(optional=True), Number(optional=True), Number(unit="years")
    note = Text(optional=True)
    email, phone = Email(optional=True), Phone(optional=True)
    ip, agent = IpAddress(networks=("data_centers",)), UserAgent()
    photos = Attachments(optional=True)
    links = Links(of=note)
    habits = Profile(card, over="90d", every="1d", stale_after="3d", typical=median(amount))
    risk = ExternalSignal(url="https://risk.example", send=(card,), gives=Number())
    features = (
        amount,
        risk,
        (amount * 2).named("double"),
        habits.typical,
        note.links(),
        note.resemblance(),
        note.similarity(),
        email.domain(),
        email.is_disposable(),
        email.digits(),
        phone.type(),
        ip.is_private(),
        ip.is_in("data_centers"),
        agent.family(),
        agent.is_bot(),
        photos.nsfw(),
        links.sites(),
        hour_of_day(),
        day_of_week(),
        is_night(22, 6),
        is_weekend(),
        years_since(born),
        distance(latitude, longitude, latitude, longitude),
        card.count(over="1h", where=amount.below(5) & plan.is_("gold", "silver") & gift),
        card.count(over="1h", where=is_night(22, 6) & is_weekend()),
        shop.distinct(card, over="24h"),
        card.session(gap="30m").amount.sum(),
        shop.fraud_share(over="7d", delay="1d"),
        card.since_last(),
        card.since_first(),
        card.since_last_same(shop),
        card.is_new(shop),
        card.last(amount),
        card.changed(plan),
        card.speed_from_last(latitude, longitude),
        amount / card.amount.mean(over="30d"),
        (amount / card.amount.mean(over="30d", where=amount.below(5))).named("to_small_ones"),
        (amount / card.amount.mean(over="30d").named("mean_amount")).named("to_named_mean"),
    )


FEATURES = compile_lane("shop", [Sale]).feature_set("sale")
SPECS: dict[str, FeatureSpec] = {spec.name: spec for spec in FEATURES.features}
VALUES = (math.nan, 0.0, 1.0, 7.0)
HOUR_US = 3_600_000_000
VISITS = [(1, 0), (2, 2 * HOUR_US), (3, 9 * HOUR_US), (4, 9 * HOUR_US + 1)]  # (seq, microseconds)


def kinds_of(base: type) -> Iterator[type]:
    """The classes that derive from this one and that nothing derives from."""
    for each in base.__subclasses__():
        if each.__module__.startswith("scoring.declare."):
            yield from kinds_of(each) if each.__subclasses__() else [each]


WORDS = list(dict.fromkeys(kinds_of(Expression)))
CONDITIONS = list(dict.fromkeys(kinds_of(Condition)))


def unfinished(base: type) -> set[str]:
    """The members of a base class that each word has to define."""
    members = {
        name: member.fget if isinstance(member, property) else member
        for name, member in vars(base).items()
        if isinstance(member, property) or inspect.isfunction(member)
    }
    return {name for name, member in members.items() if "NotImplementedError" in inspect.getsource(member)}


def test_the_required_members_are_known() -> None:
    assert unfinished(Word) == {"name", "definition", "kind", "unit", "description", "lower"}
    assert unfinished(Condition) == {"condition_name", "definition", "condition_text", "lower_condition"}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.__name__)
def test_a_word_defines_every_required_member(word: type) -> None:
    assert {name for name in unfinished(Word) if getattr(word, name) is getattr(Word, name)} == set()


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.__name__)
def test_a_condition_defines_every_required_member(condition: type) -> None:
    missing = [name for name in unfinished(Condition) if getattr(condition, name) is getattr(Condition, name)]
    assert missing == []


def test_every_free_function_that_makes_a_feature_can_be_imported_from_the_language() -> None:
    modules = [import_module(each.name) for each in walk_packages(words.__path__, f"{words.__name__}.")]
    makers = {
        name
        for module in modules
        for name, member in inspect.getmembers(module, inspect.isfunction)
        if member.__module__ == module.__name__ and not name.startswith("_") and makes_word(member)
    }
    assert {"hour_of_day", "distance"} <= makers
    assert makers - set(declare.__all__) == set()


def makes_word(function: Callable[..., object]) -> bool:
    made = get_type_hints(function).get("return")
    return isinstance(made, type) and issubclass(made, Word)


def test_every_word_is_used_here_and_compiles() -> None:
    said = {type(part) for spec in SPECS.values() for part in parts_of(spec.expression)}
    assert set(WORDS) - said == set()


def test_every_condition_is_used_here() -> None:
    parts = [part for spec in SPECS.values() for part in parts_of(spec.expression)]
    conditions = [where for part in parts if (where := getattr(part, "where", None)) is not None]
    members = [member for where in conditions for member in getattr(where, "parts", (where,))]
    assert set(CONDITIONS) - {type(each) for each in (*conditions, *members)} == set()


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_word_has_a_kind_a_unit_and_sentences(spec: FeatureSpec) -> None:
    grammar: Grammar = FeatureGrammar(spec)
    texts = [
        spec.kind,
        spec.unit,
        spec.expression.noun(grammar),
        describe_feature(spec),
        *describe_coverage(spec),
    ]
    texts += [describe_missing(spec), describe_usual(spec)]
    texts += [describe_value(spec, value=value, usual=3) for value in VALUES]
    assert all(text.strip() and "  " not in text and "nan" not in text.split() for text in texts)


def context_column(name: str) -> int:
    return int(FEATURES.context_columns[FEATURES.names.index(name)])


def test_a_page_describes_a_usual_value_exactly_if_the_kernel_computes_one() -> None:
    nothing = context_column("card_since_first")
    for spec in SPECS.values():
        assert (context_column(spec.name) != nothing) == (spec.expression.usual() is not None), spec.name


def test_the_usual_ratio_to_an_own_mean_is_one_whatever_the_mean_is_called() -> None:
    for name in ("amount_to_card_amount_mean_30d", "to_named_mean"):
        assert describe_usual(SPECS[name]) == "1: equal to the mean"
        assert context_column(name) != context_column("card_since_first")


def test_a_ratio_to_the_mean_of_some_events_has_no_usual_value() -> None:
    """A payment of 500 is not usually as large as the mean of those below 5."""
    assert describe_usual(SPECS["to_small_ones"]) == "the median of the training rows"
    assert context_column("to_small_ones") == context_column("card_since_first")


@dataclass(frozen=True)
class Burst(OnEntity):
    """A word that only this test knows: the share of a day's events that came in its last hour."""

    kind = "burst"

    @property
    def name(self) -> str:
        return f"{self.subject}_burst"

    @property
    def definition(self) -> str:
        return self.called("burst")

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "share"

    def description(self, grammar: Grammar) -> str:
        return f"the share of a day's {grammar.events(self)} that came in the last hour"

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)
        hour, day = (
            program.aggregate(subject, "count", "", window=hours * HOUR_US, tile=HOUR_US // 12, where="")
            for hours in (1, 24)
        )
        return program.emit("divide", hour, day)


def test_a_new_word_needs_nothing_but_its_class() -> None:
    class Visit(EventType):
        name, lane = "visit", "visits"
        guest = Entity()
        features = [Burst((guest,), ""), Burst((guest,), "") * 100]

    plan = compile_lane("visits", [Visit])
    burst, percent = plan.feature_set("visit").features
    assert (burst.name, burst.kind, burst.entity, burst.unit) == ("guest_burst", "burst", "guest", "share")
    assert (
        describe_feature(burst) == "The share of a day's visits with this guest that came in the last hour."
    )
    assert describe_value(burst, value=0.25) == "The guest burst is 25 %"
    assert percent.kind == "product"
    items = [LaneItem(seq, "event", "visit", 24 * HOUR_US + at, {"guest": "g"}) for seq, at in VISITS]
    batch = encode(plan, items)
    rows = plan.feature_set("visit").vector_of(fold(plan, batch, Arena.for_batch(plan, batch)))
    assert rows[-1].tolist() == [1 / 3, 1 / 3 * 100]
