"""The operands of an event type's expressions: every name that a rule may use, with its type."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from scoring.catalog.currency import EXPONENTS
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Field, Flag, Money, Number
from scoring.catalog.registry import scored_type
from scoring.declare import Signal
from scoring.declare.spelling import capitalized, words_of
from scoring.features.compile.plan import lane_plan
from scoring.features.compile.specs import FeatureSpec
from scoring.rules.expressions.language import RESERVED_WORDS
from scoring.sentences.feature_descriptions import describe_feature

NUMBER, TEXT, FLAG = "number", "text", "flag"
TEXTS = "texts"  # a list of texts; no operand of rules has this type
SCORE, SOURCE = "score", "source"
Value = float | str | bool

_TYPE_OF_UNIT = {"flag": FLAG}
_POLICY_PREFIX = "policy_"
_SKIPPED_UNITS = ("category",)  # codes that mean something to one model only


@dataclass(frozen=True, slots=True)
class Operand:
    """A name that an expression may use.

    `kind`: "field", "feature", "signal", "score" or "source". `type`: NUMBER, TEXT, FLAG or TEXTS. `column`:
    the name under which events and vectors have its value. `divisor`: minor units per unit, 1 but for money.
    `personal`: its text is a digest, so that only `has()`, `listed()` and `tagged()` may use it. `lists`: the
    kind of listed values that it is looked up as, "" for an operand that is no field with text.
    """

    name: str
    kind: str
    type: str
    column: str
    description: str
    unit: str = ""
    divisor: float = 1.0
    personal: bool = False
    optional: bool = True
    lists: str = ""
    values: tuple[str, ...] = ()

    def value_of(self, stored: Any) -> Value | None:
        """The operand's value of a stored one, None if it is missing; NaN and infinity count as missing.

        `stored` is canonical for a field ({"minor": ...} for money), a number for a feature or signal.
        """
        if stored is None:
            return None
        if self.type == TEXT:
            return str(stored)
        number = _number_of(stored)
        if not math.isfinite(number):
            return None
        return number != 0 if self.type == FLAG else number / self.divisor


def _number_of(stored: Any) -> float:
    if isinstance(stored, Mapping):
        return float(stored.get("base_minor", stored["minor"]))
    return float(stored)


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list as expressions see it. `tag`: whether its values are tags, which `tagged()` asks for."""

    name: str
    kind: str
    tag: bool = False


@dataclass(frozen=True, slots=True)
class Operands:
    """What expressions of an event type may use.

    `lists` and `banks` (names of hash banks): None if any name is accepted.
    """

    event_type: str
    by_name: Mapping[str, Operand]
    lists: Mapping[str, KnownList] | None = None
    banks: frozenset[str] | None = None

    def __iter__(self) -> Iterator[Operand]:
        return iter(self.by_name.values())


def operands_of(
    event_type: str, *, lists: Iterable[KnownList] | None = None, banks: Iterable[str] | None = None
) -> Operands:
    """The operands of a scored event type; with `lists` and `banks`, expressions may name only those.

    Without them any may be named, as rules that are active must load whatever became of their lists.
    Raises UnknownEventType, EventTypeNotScored.
    """
    known = None if lists is None else {each.name: each for each in lists}
    names = None if banks is None else frozenset(banks)
    return Operands(scored_type(event_type).name, _operands_by_name(event_type), known, names)


@cache
def _operands_by_name(event_type: str) -> Mapping[str, Operand]:
    """Every operand by name. The model's score and the source come first, then fields, signals and features:
    where two have one name, the first is meant.
    """
    kind = scored_type(event_type)
    found: dict[str, Operand] = {}
    for operand in (*_own_words(), *_fields(kind), *_signals(kind), *_features(kind), *_policies(kind)):
        found.setdefault(operand.name, operand)
    return found


def _own_words() -> Iterator[Operand]:
    yield Operand(
        SCORE, SCORE, NUMBER, SCORE, "The model's score: a calibrated probability; missing without a model",
        unit="probability",
    )  # fmt: skip
    yield Operand(SOURCE, SOURCE, TEXT, SOURCE, "The sender of the event", optional=False)


def spelled(name: str) -> str:
    """How expressions write a declared name: names with a meaning in the language get an underscore.

    >>> spelled("amount"), spelled("score"), spelled("comment.links")
    ('amount', 'score_', 'comment_links')
    """
    plain = name.replace(".", "_")
    return f"{plain}_" if plain in RESERVED_WORDS or plain in (SCORE, SOURCE) else plain


def _fields(kind: type[EventType]) -> Iterator[Operand]:
    for name, field in kind.fields.items():
        is_text = not isinstance(field, (Number, Money, Flag))
        yield Operand(
            name=spelled(name),
            kind="field",
            type=_type_of(field),
            column=name,
            description=field.help or field.verbose_name or capitalized(words_of(name)),
            unit=_field_unit(kind, field),
            divisor=_divisor(kind) if isinstance(field, Money) else 1.0,
            personal=field.personal,
            optional=field.optional,
            lists=field.kind if is_text else "",
            values=field.values if isinstance(field, Category) else (),
        )


def _type_of(field: Field) -> str:
    if isinstance(field, (Number, Money)):
        return NUMBER
    return FLAG if isinstance(field, Flag) else TEXT


def _field_unit(kind: type[EventType], field: Field) -> str:
    if isinstance(field, Money):
        return kind.base_currency
    if isinstance(field, Number):
        return field.unit
    return "id" if isinstance(field, Entity) else ""


def _divisor(kind: type[EventType]) -> float:
    return float(10 ** EXPONENTS[kind.base_currency])


def _signals(kind: type[EventType]) -> Iterator[Operand]:
    for column, signal in kind.signals.items():
        measured = column.partition(".")[0]
        yield Operand(
            name=spelled(column),
            kind="signal",
            type=_type_of_signal(signal),
            column=column,
            description=capitalized(signal.described(words_of(measured))),
            unit="" if signal.is_category or signal.is_flag else signal.unit,
            values=signal.values,
        )


def _type_of_signal(signal: Signal) -> str:
    if signal.is_category:
        return TEXT
    return FLAG if signal.is_flag else NUMBER


def _features(kind: type[EventType]) -> Iterator[Operand]:
    """The features of every set, those of the newest first."""
    for feature_set in lane_plan(kind.lane).feature_sets(kind.name):
        for spec in feature_set.features:
            if spec.unit not in _SKIPPED_UNITS:
                yield _feature(kind, spec)


def policy_operand(policy: str) -> str:
    """The name of the operand with the score of a policy's head."""
    return f"{_POLICY_PREFIX}{policy}"


def is_policy_operand(name: str) -> bool:
    """Whether a feature of this name would be the score of a policy's head."""
    return name.startswith(_POLICY_PREFIX)


def _policies(kind: type[EventType]) -> Iterator[Operand]:
    """The scores of the heads: like features, they come with the vector, and a fallback lacks them."""
    for policy in kind.policies:
        name = policy_operand(policy.name)
        yield Operand(
            name=spelled(name),
            kind="feature",
            type=NUMBER,
            column=name,
            description=f"The model's score for the policy {policy.title or policy.name}: a calibrated"
            " probability; missing if the model has no head for it",
            unit="probability",
        )


def _feature(kind: type[EventType], spec: FeatureSpec) -> Operand:
    is_money = spec.unit == "money"
    return Operand(
        name=spelled(spec.name),
        kind="feature",
        type=_TYPE_OF_UNIT.get(spec.unit, NUMBER),
        column=spec.name,
        description=describe_feature(spec).removesuffix("."),
        unit=spec.currency if is_money else spec.unit,
        divisor=_divisor(kind) if is_money else 1.0,
    )
