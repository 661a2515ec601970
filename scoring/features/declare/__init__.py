"""The words features are declared in.

Nothing is computed here: each word makes an expression, a small immutable description with a stable name,
that `scoring.features.plan` compiles for the kernel. What exactly each one means is written in
docs/features.md.
"""

from scoring.features.declare.aggregates import (
    Aggregate,
    Distinct,
    Labelled,
    OnEntity,
)
from scoring.features.declare.expression import (
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
from scoring.features.declare.origin import (
    Origin,
)
from scoring.features.declare.recency import (
    IsNew,
    SinceFirst,
    SinceLast,
    SinceLastSame,
    Travelled,
)
from scoring.features.declare.values import (
    BatchValue,
    DayOfWeek,
    Distance,
    FieldValue,
    HourOfDay,
    ValueSource,
    YearsSince,
    day_of_week,
    distance,
    hour_of_day,
    years_since,
)
from scoring.features.declare.vocabulary import (
    DEFAULT_CAP,
    AmountsOf,
    EntityVocabulary,
    Pair,
    pair,
)
from scoring.features.declare.window import (
    TILES_PER_WINDOW,
    Window,
)

__all__ = [
    "DEFAULT_CAP",
    "TILES_PER_WINDOW",
    "Aggregate",
    "AmountsOf",
    "Arithmetic",
    "BatchValue",
    "Constant",
    "DayOfWeek",
    "Distance",
    "Distinct",
    "EntityVocabulary",
    "Expression",
    "FieldValue",
    "HourOfDay",
    "IsNew",
    "Labelled",
    "Named",
    "NamedField",
    "OnEntity",
    "Operand",
    "Origin",
    "Pair",
    "Several",
    "SinceFirst",
    "SinceLast",
    "SinceLastSame",
    "Travelled",
    "ValueSource",
    "Window",
    "YearsSince",
    "as_expression",
    "day_of_week",
    "distance",
    "hour_of_day",
    "iter_features",
    "pair",
    "years_since",
]
