"""The fields by whose values business figures are divided."""

from typing import Final

from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Flag
from scoring.features.compile.plan import lane_plan
from scoring.features.compile.specs import FeatureSpec
from scoring.rules.expressions.operands import SOURCE

ALL, OTHER = "", "(other)"
SENDER: Final = SOURCE
MAX_DECLARED: Final = 3  # besides the sender and an age


def segment_fields(kind: type[EventType]) -> tuple[str, ...]:
    """What figures are divided by: the type's first declared categories and flags, the sender, and an age.

    Declared is what models are sliced by (`sliced_by`). The age is the first such feature that counts
    seconds, such as the time since a card was first seen: it shows new accounts.
    """
    age = age_feature(kind)
    return (*declared_fields(kind), SENDER, *([age.name] if age else ()))


def declared_fields(kind: type[EventType]) -> tuple[str, ...]:
    categories = [name for name, field in kind.fields.items() if isinstance(field, Category)]
    named = kind.sliced_by or categories
    fields = [(name, kind.fields.get(name)) for name in named if name != SENDER]
    found = [name for name, field in fields if isinstance(field, Category | Flag) and not field.personal]
    return tuple(found[:MAX_DECLARED])


def age_feature(kind: type[EventType]) -> FeatureSpec | None:
    """The first feature among `sliced_by` that counts seconds."""
    features = {spec.name: spec for spec in lane_plan(kind.lane, {}).feature_sets(kind.name)[0].features}
    named = (features[name] for name in kind.sliced_by if name in features)
    return next((spec for spec in named if spec.unit == "seconds"), None)
