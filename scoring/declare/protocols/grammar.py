"""The parts that words build sentences from; `scoring.sentences.grammar` implements them."""

from collections.abc import Sequence
from typing import Protocol

from scoring.declare.protocols.fields import NamedField


class CountedEvents(Protocol):
    """Events of one entity that a word reads: see `OnEntity`."""

    @property
    def keys(self) -> tuple[NamedField, ...]: ...
    @property
    def of(self) -> str: ...
    @property
    def says(self) -> str: ...
    @property
    def role_names(self) -> tuple[str, ...]: ...


class Grammar(Protocol):
    """Nouns, figures and options of one feature and its event type."""

    @property
    def subject(self) -> str:
        """The event type as sentences call it: "payment"."""
        ...

    @property
    def positive(self) -> str:
        """The label that is looked for: "fraud"."""
        ...

    @property
    def name(self) -> str:
        """The feature's own name."""
        ...

    @property
    def clock(self) -> str:
        """The time in which hours and days are told: "UTC", "New York time"."""
        ...

    @property
    def unit(self) -> str:
        """The feature's unit: see `FeatureSpec`."""
        ...

    def value(self, value: float) -> str:
        """A value of the feature with its unit: "1,234.56 USD"; "unknown" for NaN."""
        ...

    def number(self, value: float) -> str:
        """A number without a unit: whole from 10 on, two digits below."""
        ...

    def bound(self, field: NamedField, bound: float) -> str:
        """The constant that a condition compares a field with: "5.00 USD"."""
        ...

    def has_category(self, code: float) -> bool:
        """Whether the feature's vocabulary has a name for this code."""
        ...

    def may_lack(self, *names: str) -> bool:
        """Whether events may lack one of these fields."""
        ...

    def field(self, name: str) -> str:
        """What sentences call a field: "address" if its entity says "from this address"."""
        ...

    def events(self, word: CountedEvents, number: float = 2) -> str:
        """The counted events: "payments with this card"."""
        ...

    def whose(self, keys: Sequence[NamedField], role: Sequence[str] = ()) -> str:
        """The owners of the events: "with this card at this merchant", "with this sender as receiver"."""
        ...

    def this(self, word: CountedEvents) -> str:
        """The entities, with their role if it is another: "this sender as receiver"."""
        ...

    def not_given(self, *names: str) -> str:
        """Why there is no value: "the address is not given", of the fields that events may lack."""
        ...

    def own_noun(self, noun: str) -> str:
        """The name of a feature that was given one without a sentence; else `noun`."""
        ...
