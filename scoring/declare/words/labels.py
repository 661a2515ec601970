"""Words for the labels of an entity's earlier events: how many were confirmed as fraud."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scoring.declare.canonical import quoted
from scoring.declare.expression import Expression
from scoring.declare.lowering import Program, Register
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.protocols.grammar import Grammar
from scoring.declare.several import one_or_several
from scoring.declare.spelling import exact_span, span_text
from scoring.declare.window import Window, parse_delay, parse_tile, parse_windows, tile_text
from scoring.declare.words.on_entity import EntityWords, OnEntity


@dataclass(frozen=True)
class Labeled(OnEntity):
    """Confirmed positives among events in [t - delay - window, t - delay): their "count" or "share"."""

    hashed_as = "Labelled"

    function: str
    window: Window
    delay: Window
    tile: int

    @property
    def name(self) -> str:
        return f"{self.subject}_fraud_{self.function}_{self.window.label}_after_{self.delay.label}"

    @property
    def definition(self) -> str:
        return self.called(
            f"fraud_{self.function}",
            over=quoted(self.window.label),
            delay=quoted(self.delay.label),
            tile=tile_text(self.window, self.tile),
        )

    @property
    def kind(self) -> str:
        return f"fraud_{self.function}"

    @property
    def _counts(self) -> bool:
        return self.function == "count"

    def unit(self, fields: Mapping[str, NamedField]) -> str:
        return "events" if self._counts else "share"

    @property
    def window_label(self) -> str:
        return self.window.label

    def _span(self, ending: str) -> str:
        """When the labeled events happened: "over 7 d, ending 14 d ago"."""
        lag = f", ending {span_text(self.delay.label)} {ending}" if self.delay.us else ""
        return f"over {span_text(self.window.label)}{lag}"

    def _confirmed(self, grammar: Grammar) -> str:
        return f"confirmed as {grammar.positive} {self._span('ago')}"

    def noun(self, grammar: Grammar) -> str:
        what = "number" if self._counts else "share"
        return f"the {what} of {grammar.events(self)} {self._confirmed(grammar)}"

    def sentence(self, grammar: Grammar, value: float) -> str:
        if math.isnan(value):
            if self._counts:
                return self.entity_not_given(grammar)
            return f"no {grammar.events(self)} {self._span('ago')}{self.or_not_given(grammar)}"
        if self._counts:
            return f"{grammar.number(value)} {grammar.events(self, value)} {self._confirmed(grammar)}"
        return f"{grammar.value(value)} of {grammar.events(self)} were {self._confirmed(grammar)}"

    def description(self, grammar: Grammar) -> str:
        confirmed = f"confirmed as {grammar.positive}, {self._span('before')}"
        if self._counts:
            return f"the number of {grammar.events(self)} that were {confirmed}"
        return f"the share of {grammar.events(self)} that were {confirmed}"

    def coverage(self, grammar: Grammar) -> str:
        first, last = exact_span(self.delay.us + self.window.us), span_text(self.delay.label)
        end = f"to {last} before" if self.delay.us else "up to"
        return (
            f"{self.counted(grammar)} from {first} before {end} the {grammar.subject}, in tiles of"
            f" {exact_span(self.tile)}. A label counts once it is known, at the time of its event."
        )

    def without_past(self, grammar: Grammar) -> str:
        return "0" if self._counts else "missing"

    def may_be_missing(self, grammar: Grammar) -> bool:
        return not self._counts or grammar.may_lack(*(key.name for key in self.keys))

    def lower(self, program: Program) -> Register:
        subject = program.subject(self)

        def total(measure: str) -> Register:
            return program.lagged_sum(
                subject, measure, window=self.window.us, delay=self.delay.us, tile=self.tile
            )

        positives = total("positive")
        return positives if self._counts else program.emit("divide", positives, total("count"))


class LabelWords(EntityWords):
    """`merchant.fraud_share(over="30d", delay="14d")`."""

    def fraud_share(self, *, over: str, delay: str, of: str = "", tile: str | None = None) -> Expression:
        """The share of events that were confirmed as positive."""
        return self._labeled("share", over, delay, of, tile)

    def fraud_count(self, *, over: str, delay: str, of: str = "", tile: str | None = None) -> Expression:
        """The number of events that were confirmed as positive."""
        return self._labeled("count", over, delay, of, tile)

    def _labeled(self, function: str, over: str, delay: str, of: str, tile: str | None) -> Expression:
        origin = Origin.here()
        lag = parse_delay(delay, origin)
        return one_or_several(
            [
                Labeled(
                    of=of,
                    function=function,
                    window=window,
                    delay=lag,
                    tile=parse_tile(window, tile, origin),
                    origin=origin,
                    **self._options(),
                )
                for window in parse_windows(over, origin)
            ]
        )
