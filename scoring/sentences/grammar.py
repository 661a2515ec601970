"""The nouns that features speak of: "payments with this card", "this sender as receiver"."""

from collections.abc import Sequence

from scoring.catalog.currency import EXPONENTS, format_minor
from scoring.declare import Named, NamedField
from scoring.declare.protocols.grammar import CountedEvents
from scoring.declare.spelling import plural_of, words_of
from scoring.features.compile.specs import FeatureSpec
from scoring.sentences.figures import format_value, short_number


class FeatureGrammar:
    """What one feature puts its sentences together with: a `scoring.declare.protocols.grammar.Grammar`."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self.subject = spec.subject
        self.positive = spec.positive
        self.name = spec.name
        self.unit = spec.unit
        self.clock = spec.clock.words
        # by word and whether it is one event; a kept word keeps its id
        self._events: dict[tuple[int, bool], tuple[CountedEvents, str]] = {}

    def value(self, value: float) -> str:
        return format_value(self._spec, value)

    def number(self, value: float) -> str:
        return short_number(value)

    def bound(self, field: NamedField, bound: float) -> str:
        if field.value_unit != "money":
            return short_number(bound)
        currency = self._spec.currency
        return format_minor(bound * 10 ** EXPONENTS[currency], currency)

    def has_category(self, code: float) -> bool:
        return 1 <= code <= len(self._spec.vocabulary)

    def may_lack(self, *names: str) -> bool:
        return any(name in self._spec.optional for name in names)

    def field(self, name: str) -> str:
        _, this, noun = self._spec.phrases.get(name, "").rpartition("this ")
        return noun if this else words_of(name)

    def events(self, word: CountedEvents, number: float = 2) -> str:
        key = id(word), number == 1
        if (kept := self._events.get(key)) is None:
            kept = self._events[key] = word, self._new_events(word, is_one=number == 1)
        return kept[1]

    def _new_events(self, word: CountedEvents, *, is_one: bool) -> str:
        noun = words_of(word.of) or self.subject
        whose = word.says or self.whose(word.keys, word.role_names)
        return f"{noun if is_one else plural_of(noun)} {whose}"

    def whose(self, keys: Sequence[NamedField], role: Sequence[str] = ()) -> str:
        if any(role):
            return f"with {self._these(keys, role)}"
        phrases = self._spec.phrases
        text = " ".join(phrases.get(key.name, f"with this {words_of(key.name)}") for key in keys)
        if len(keys) > 1 and text.startswith("with this "):
            return text[:1] + text[1:].replace(" with this ", " and this ")
        return text

    def this(self, word: CountedEvents) -> str:
        return self._these(word.keys, word.role_names)

    def _these(self, keys: Sequence[NamedField], role: Sequence[str]) -> str:
        these = zip(keys, role or [""] * len(keys), strict=True)
        return " and ".join(
            f"this {self.field(key.name)}" + (f" as {words_of(name)}" if name not in ("", key.name) else "")
            for key, name in these
        )

    def not_given(self, *names: str) -> str:
        lacking = [name for name in names if name in self._spec.optional] or names
        return f"{' or '.join(f'the {self.field(name)}' for name in lacking)} is not given"

    def own_noun(self, noun: str) -> str:
        declared = self._spec.expression
        named = isinstance(declared, Named) and not declared.says
        return f"the {words_of(declared.name)}" if named else noun
