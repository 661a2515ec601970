"""Feature sets over time, and the differences between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.http import Http404

from monitoring.feature_pages.model_usage import ModelUse, read_models
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import lane_plan
from scoring.registry.models import FeatureSetVersion
from scoring.registry.routes import route_of

Described = Mapping[str, Any]  # an element of `FeatureSetVersion.features`


@dataclass(frozen=True)
class FeatureChange:
    """A feature as two sets declare it; None in a set without it."""

    name: str
    before: Described | None
    after: Described | None


@dataclass(frozen=True)
class SetDifference:
    """The differences between two sets; `unchanged` counts the features equal in both."""

    added: list[FeatureChange]
    removed: list[FeatureChange]
    changed: list[FeatureChange]
    unchanged: int

    @property
    def same(self) -> bool:
        """Whether the sets have the same features, in any order."""
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True)
class SetRow:
    """A set with its changes since the previous one (None for the first) and the models on it.

    `place` in the code: 0 for the set that new models train on, then `earlier_features`; None if no longer
    declared. `removable`: no live model needs it, so the code may stop declaring it.
    """

    version: FeatureSetVersion
    place: int | None
    removable: bool
    since_before: SetDifference | None
    before: int | None
    models: list[ModelUse]

    @property
    def is_newest(self) -> bool:
        return self.place == 0

    @property
    def live(self) -> list[ModelUse]:
        return [model for model in self.models if model.live]


@dataclass(frozen=True)
class Membership:
    """A set that contains a feature, and whether it is defined there as in the newest such set."""

    number: int
    declared_at: datetime
    as_now: bool


def read_sets(event_type: str) -> list[FeatureSetVersion]:
    """All sets of an event type, newest first."""
    return list(FeatureSetVersion.objects.filter(event_type=event_type).order_by("-number"))


def read_set_rows(event_type: str) -> list[SetRow]:
    """The sets of an event type as rows, newest first."""
    in_code = lane_plan(find_event_type(event_type).lane).feature_sets(event_type)
    models = read_models(event_type, route=route_of(event_type))
    return set_rows(read_sets(event_type), models, in_code=[each.declared for each in in_code])


def compare_sets(before: Sequence[Described], after: Sequence[Described]) -> SetDifference:
    """The differences between two sets' features, in set order, matched by name.

    >>> old = [{"name": "a", "digest": "1"}]
    >>> found = compare_sets(old, [{"name": "a", "digest": "2"}, {"name": "b", "digest": "3"}])
    >>> [each.name for each in found.added], [each.name for each in found.changed], found.unchanged
    (['b'], ['a'], 0)
    """
    old, new = ({each["name"]: each for each in side} for side in (before, after))
    both = [FeatureChange(name, old[name], each) for name, each in new.items() if name in old]
    changed = [each for each in both if _meaning(each.before) != _meaning(each.after)]
    return SetDifference(
        added=[FeatureChange(name, None, each) for name, each in new.items() if name not in old],
        removed=[FeatureChange(name, each, None) for name, each in old.items() if name not in new],
        changed=changed,
        unchanged=len(both) - len(changed),
    )


def _meaning(described: Described | None) -> object:
    return described and described["digest"]


def set_rows(
    versions: Sequence[FeatureSetVersion], models: Sequence[ModelUse], *, in_code: Sequence[str]
) -> list[SetRow]:
    """The sets, newest first, each compared with the previous one. `in_code`: the digests the code declares.

    If the set of any live model is unknown, no set is removable.
    """
    needed = {model.declared_set for model in models if model.live}
    return [
        SetRow(
            version=version,
            place=in_code.index(version.digest) if version.digest in in_code else None,
            removable=version.digest in in_code[1:] and not needed & {version.digest, ""},
            since_before=compare_sets(before.features, version.features) if before else None,
            before=before.number if before else None,
            models=[model for model in models if model.declared_set == version.digest],
        )
        for version, before in zip_longest(versions, versions[1:])
    ]


def memberships(feature: str, versions: Sequence[FeatureSetVersion]) -> list[Membership]:
    """The sets that contain a feature, newest first."""
    found = [
        (version, described["digest"])
        for version in versions
        for described in version.features
        if described["name"] == feature
    ]
    return [
        Membership(version.number, version.declared_at, as_now=digest == found[0][1])
        for version, digest in found
    ]


def last_declaration(feature: str, versions: Sequence[FeatureSetVersion]) -> Described | None:
    """The description of a feature in the newest set that contains it."""
    described = (each for version in versions for each in version.features if each["name"] == feature)
    return next(described, None)


def find_set(rows: Sequence[SetRow], number: str | None, *, default: SetRow) -> SetRow:
    """The set with a number from the query string. Raises Http404."""
    if not number:
        return default
    found = next((row for row in rows if str(row.version.number) == number), None)
    if found is None:
        known = ", ".join(str(row.version.number) for row in rows)
        raise Http404(f"There is no set {number!r}; use {known}.")
    return found
