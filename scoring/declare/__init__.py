"""The words that features are declared in.

Nothing is computed here: each word makes an expression, a small immutable description with a stable name. Its
class owns everything about the word: kind, unit, sentences, what is usual, and how it is lowered for the
kernel. docs/reference/features.md says what each one means.
"""

from scoring.declare.conditions import (
    AllOf,
    Choosable,
    Comparable,
    Condition,
    FieldComparison,
    OneOf,
    as_condition,
)
from scoring.declare.expression import (
    Arithmetic,
    Constant,
    Expression,
    Named,
    Operand,
    as_expression,
    parts_of,
)
from scoring.declare.origin import Origin, part_of_vocabulary
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.views import FeatureView
from scoring.declare.several import SeveralFeatures, iter_features
from scoring.declare.signals import (
    ADDRESS_SIGNALS,
    EMAIL_SIGNALS,
    LINK_SIGNALS,
    MEDIA_SIGNALS,
    PHONE_SIGNALS,
    SIMILARITY,
    TEXT_SIGNALS,
    USER_AGENT_SIGNALS,
    Measured,
    Signal,
    network_signal,
    signal_column,
    similarity_signal,
)
from scoring.declare.window import TILES_PER_WINDOW, Window
from scoring.declare.word import Word
from scoring.declare.words.calendar import (
    DayOfWeek,
    HourOfDay,
    IsNight,
    IsWeekend,
    day_of_week,
    hour_of_day,
    is_night,
    is_weekend,
)
from scoring.declare.words.content.links import LinkVocabulary
from scoring.declare.words.content.media import MediaSignal, MediaVocabulary
from scoring.declare.words.content.texts import TextResemblance, TextSignal, TextVocabulary
from scoring.declare.words.distinct import Distinct
from scoring.declare.words.fetched import FetchedSignal
from scoring.declare.words.labels import Labeled
from scoring.declare.words.last_values import Changed, Last, Traveled
from scoring.declare.words.on_entity import OnEntity, reserve_names
from scoring.declare.words.own_values import (
    BatchValue,
    Distance,
    FieldValue,
    YearsSince,
    distance,
    years_since,
)
from scoring.declare.words.recency import IsNew, SinceFirst, SinceLast, SinceLastSame
from scoring.declare.words.sessions import InSession
from scoring.declare.words.signals import (
    AddressVocabulary,
    EmailVocabulary,
    FieldSignal,
    PhoneVocabulary,
    UserAgentVocabulary,
)
from scoring.declare.words.vocabulary import EntityVocabulary, InRole, Pair, pair
from scoring.declare.words.windows import Aggregate

__all__ = [
    "ADDRESS_SIGNALS",
    "EMAIL_SIGNALS",
    "LINK_SIGNALS",
    "MEDIA_SIGNALS",
    "PHONE_SIGNALS",
    "SIMILARITY",
    "TEXT_SIGNALS",
    "TILES_PER_WINDOW",
    "USER_AGENT_SIGNALS",
    "AddressVocabulary",
    "Aggregate",
    "AllOf",
    "Arithmetic",
    "BatchValue",
    "Changed",
    "Choosable",
    "Comparable",
    "Condition",
    "Constant",
    "DayOfWeek",
    "Distance",
    "Distinct",
    "EmailVocabulary",
    "EntityVocabulary",
    "Expression",
    "FeatureView",
    "FetchedSignal",
    "FieldComparison",
    "FieldSignal",
    "FieldValue",
    "HourOfDay",
    "InRole",
    "InSession",
    "IsNew",
    "IsNight",
    "IsWeekend",
    "Labeled",
    "Last",
    "LinkVocabulary",
    "Measured",
    "MediaSignal",
    "MediaVocabulary",
    "Named",
    "NamedField",
    "OnEntity",
    "OneOf",
    "Operand",
    "Origin",
    "Pair",
    "PhoneVocabulary",
    "SeveralFeatures",
    "Signal",
    "SinceFirst",
    "SinceLast",
    "SinceLastSame",
    "TextResemblance",
    "TextSignal",
    "TextVocabulary",
    "Traveled",
    "UserAgentVocabulary",
    "Window",
    "Word",
    "YearsSince",
    "as_condition",
    "as_expression",
    "day_of_week",
    "distance",
    "hour_of_day",
    "is_night",
    "is_weekend",
    "iter_features",
    "network_signal",
    "pair",
    "part_of_vocabulary",
    "parts_of",
    "reserve_names",
    "signal_column",
    "similarity_signal",
    "years_since",
]
