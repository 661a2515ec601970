"""The words features are declared in.

Nothing is computed here: each word makes an expression, a small immutable description with a stable name,
that `scoring.features.plan` compiles for the kernel. What exactly each one means is written in
docs/reference/features.md.
"""

from scoring.declare.aggregates import (
    DEFAULT_CAP,
    TAKEN,
    Aggregate,
    Distinct,
    InSession,
    Labelled,
    OnEntity,
    where_text,
)
from scoring.declare.conditions import (
    AllOf,
    Choosable,
    Comparable,
    Comparison,
    Condition,
    OneOf,
    as_condition,
)
from scoring.declare.expression import (
    Arithmetic,
    Constant,
    Expression,
    Named,
    NamedField,
    Operand,
    Several,
    as_expression,
    iter_features,
)
from scoring.declare.origin import (
    Origin,
    part_of_vocabulary,
)
from scoring.declare.recency import (
    Changed,
    IsNew,
    Last,
    SinceFirst,
    SinceLast,
    SinceLastSame,
    Travelled,
)
from scoring.declare.signals import (
    SIGNALS,
    signal_column,
)
from scoring.declare.texts import (
    TextSignal,
    TextVocabulary,
)
from scoring.declare.values import (
    BatchValue,
    DayOfWeek,
    Distance,
    FieldValue,
    HourOfDay,
    IsNight,
    IsWeekend,
    YearsSince,
    day_of_week,
    distance,
    hour_of_day,
    is_night,
    is_weekend,
    years_since,
)
from scoring.declare.views import (
    FeatureView,
)
from scoring.declare.vocabulary import (
    AmountsOf,
    EntityVocabulary,
    InRole,
    Pair,
    pair,
)
from scoring.declare.window import (
    TILES_PER_WINDOW,
    Window,
)

__all__ = [
    "DEFAULT_CAP",
    "SIGNALS",
    "TAKEN",
    "TILES_PER_WINDOW",
    "Aggregate",
    "AllOf",
    "AmountsOf",
    "Arithmetic",
    "BatchValue",
    "Changed",
    "Choosable",
    "Comparable",
    "Comparison",
    "Condition",
    "Constant",
    "DayOfWeek",
    "Distance",
    "Distinct",
    "EntityVocabulary",
    "Expression",
    "FeatureView",
    "FieldValue",
    "HourOfDay",
    "InRole",
    "InSession",
    "IsNew",
    "IsNight",
    "IsWeekend",
    "Labelled",
    "Last",
    "Named",
    "NamedField",
    "OnEntity",
    "OneOf",
    "Operand",
    "Origin",
    "Pair",
    "Several",
    "SinceFirst",
    "SinceLast",
    "SinceLastSame",
    "TextSignal",
    "TextVocabulary",
    "Travelled",
    "Window",
    "YearsSince",
    "as_condition",
    "as_expression",
    "day_of_week",
    "distance",
    "hour_of_day",
    "is_night",
    "is_weekend",
    "iter_features",
    "pair",
    "part_of_vocabulary",
    "signal_column",
    "where_text",
    "years_since",
]
