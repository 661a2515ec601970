"""The feature sets of an event type as its declaration states them, checked."""

from collections.abc import Sequence
from typing import NamedTuple

from scoring.catalog.event_type import EventType
from scoring.catalog.time_zones import Clock
from scoring.declare import Expression, Origin, iter_features
from scoring.declare.meaning import meaning_of, reads_the_clock
from scoring.features.compile.clocks import clock_of


class DeclaredSet(NamedTuple):
    """A set as the event type declares it. `clock`: whose clocks tell its hours and days."""

    features: list[Expression]
    clock: Clock
    rules_only: bool = False

    @property
    def hashed_clock(self) -> list[str]:
        """The clock as hashes have it."""
        return hashed_clock(self.features, self.clock)


def declared_sets(member: type[EventType]) -> list[DeclaredSet]:
    """Every set, the newest first and that of rules last. Raises CatalogError."""
    sets = [DeclaredSet(_named_features(member, member.features), clock_of(member))]
    for name, declared in member.earlier_features.items():
        sets.append(DeclaredSet(_named_features(member, declared), clock_of(member, earlier_set=name)))
        _check_other(member, f"earlier_features[{name!r}]", sets)
    if member.rule_features:
        features = _named_features(member, member.rule_features)
        sets.append(DeclaredSet(features, clock_of(member), rules_only=True))
        _check_other(member, "rule_features", sets)
    features = [feature for each in sets for feature in each.features]
    if features and not member.scored:
        raise features[0].origin.error(f"{member.name} is not scored, so it cannot have features")
    return sets


def _check_other(member: type[EventType], name: str, sets: Sequence[DeclaredSet]) -> None:
    """Refuse a further set that is empty or equal to another."""
    *others, declared = [(meaning_of(tuple(each.features)), each.hashed_clock) for each in sets]
    named = f"{member.name}.{name}"
    if not sets[-1].features:
        raise member.origin.error(f"{named} names no features")
    if declared in others:
        raise member.origin.error(f"{named} is the same as another set; remove it")


def _named_features(member: type[EventType], declared: Sequence[object]) -> list[Expression]:
    """The declared features of one set; no two may have the same name."""
    seen: dict[str, Origin] = {}
    features = list(iter_features(declared, member.origin))
    for feature in features:
        if not feature.name.isidentifier():
            raise feature.origin.error(
                f"{feature.name!r} cannot be a feature's name; give it one with .named()"
            )
        earlier = seen.setdefault(feature.name, feature.origin)
        if earlier is not feature.origin:
            raise feature.origin.error(
                f"{member.name} already has a feature {feature.name!r}"
                f" ({earlier.module}, line {earlier.line})"
            )
    return features


def hashed_clock(features: Sequence[Expression], clock: Clock) -> list[str]:
    """The clock as hashes have it: nothing for UTC, nor for features that read no clock."""
    identity = clock.identity
    return [identity] if identity and reads_the_clock(tuple(features)) else []
