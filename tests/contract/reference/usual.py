"""What is usual for an entity: the mean of its last month, or what its count there lets expect."""

import math

from scoring import declare
from scoring.catalog.fields import Money
from scoring.features.folding.encode import LaneItem
from tests.contract.reference.declarations import plain
from tests.contract.reference.entity_values import EntityValues
from tests.contract.reference.histories import Histories
from tests.contract.reference.items import NAN
from tests.contract.reference.needs import MONTH_US, has_monthly_usual
from tests.contract.reference.windows import Summary


def usual_value(values: EntityValues, item: LaneItem, feature: declare.Expression) -> float:
    """NaN for features without a usual value."""
    feature, histories = plain(feature), values.histories
    if isinstance(feature, declare.Aggregate):
        return _usual_aggregate(histories, item, feature)
    if isinstance(feature, declare.SinceLast):
        count = Summary("count", where=feature.where).of(histories, item, feature)
        age = _age(histories, item, feature)
        return NAN if age is None or not count > 0 else min(age, MONTH_US) / 1e6 / count
    if isinstance(feature, declare.FieldValue) and isinstance(feature.field, Money):
        of_first = declare.SinceLast((histories.declarations.first_entity(item.type),), "")
        return Summary("mean", feature.field.name).of(histories, item, of_first)
    if _is_ratio_to_own_mean(feature):
        return NAN if math.isnan(values.value(item, feature)) else 1.0
    return NAN


def _is_ratio_to_own_mean(feature: declare.Expression) -> bool:
    return (
        isinstance(feature, declare.Arithmetic)
        and feature.operator == "/"
        and isinstance(feature.left, declare.FieldValue)
        and isinstance(feature.right, declare.Aggregate)
        and (feature.right.function, feature.right.field_name) == ("mean", feature.left.field.name)
        and feature.right.where is None
    )


def _usual_aggregate(histories: Histories, item: LaneItem, feature: declare.Aggregate) -> float:
    if not has_monthly_usual(feature):
        return NAN
    if feature.function in ("count", "sum"):
        month = Summary(feature.function, feature.field_name, feature.where).of(histories, item, feature)
        age = _age(histories, item, feature)
        if age is None or age < feature.window.us:
            return NAN
        return month * (feature.window.us / min(age, MONTH_US))
    return Summary("mean", feature.field_name, feature.where).of(histories, item, feature)


def _age(histories: Histories, item: LaneItem, feature: declare.OnEntity) -> int | None:
    history = histories.read(item, feature)
    if history is None or not history.events():
        return None
    return history.read_time(item) - min(event.occurred_at_us for event in history.events())
