"""Imports a chunk: parses its rows and writes them as events with their labels, or as labels alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from scoring.catalog.event_type import EventType
from scoring.catalog.exchange_rates.rates import load_rate_series, load_rates, rate_at
from scoring.ingest.mapping.binding import Binding
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.readers.tables import Chunk
from scoring.ingest.report import ChunkResult
from scoring.ingest.rows.amounts import RateOf
from scoring.ingest.rows.event_rows import ParsedChunk, RowParser
from scoring.ingest.rows.label_rows import LabelRowParser, ParsedLabels
from scoring.ingest.rows.media import attach_rows
from scoring.ingest.rows.reconcile import reconcile_labels, reconcile_rows, streams_of
from scoring.ingest.rows.writing import record_live_labels, write_history, write_history_labels, write_live
from scoring.log.read import read_streams


class ChunkImporter(Protocol):
    def parse(self, chunk: Chunk) -> Any:
        """The parsed rows, without access to the log."""

    def write(self, parsed: Any, *, now: datetime) -> ChunkResult:
        """Write new events and labels in the caller's transaction. Raises StreamConflict."""


def importer_for(
    binding: Binding, mapping: ColumnMapping, *, history: bool, labels_only: bool, now: datetime
) -> ChunkImporter:
    """The importer for events, or for labels with `labels_only`."""
    rate_of = rates_of(binding.event_type, history=history, now=now)
    rows = RowParser(binding, mapping, now=now, rate_of=rate_of)
    label_source = binding.label.source if binding.label else ""
    if labels_only:
        return LabelImporter(LabelRowParser(rows), mapping.type, mapping.source, label_source, history)
    return EventImporter(rows, binding.event_type.lane, mapping.source, label_source, history)


def rates_of(kind: type[EventType], *, history: bool, now: datetime) -> RateOf:
    """Exchange rates: for history those valid when an event occurred, for live events those valid now."""
    if history:
        return partial(rate_at, load_rate_series(base=kind.base_currency))
    rates: Mapping[str, Any] = load_rates(base=kind.base_currency, now=now)
    return lambda currency, moment: rates.get(currency)


@dataclass(frozen=True, slots=True)
class EventImporter:
    """Imports rows that are events."""

    rows: RowParser
    lane: str
    source: str
    label_source: str
    history: bool

    def parse(self, chunk: Chunk) -> ParsedChunk:
        return self.rows.parse(chunk)

    def write(self, parsed: ParsedChunk, *, now: datetime) -> ChunkResult:
        rows, unknown_media = attach_rows(parsed.rows)
        settled = reconcile_rows(
            rows,
            source=self.source,
            label_source=self.label_source,
            history=self.history,
            stored=read_streams(streams_of(rows, source=self.source)),
        )
        if self.history:
            write_history(settled, lane=self.lane, now=now)
        else:
            write_live(settled, rows, source=self.source, label_source=self.label_source, now=now)
        return ChunkResult(
            accepted=len(settled.events),
            duplicate=settled.duplicate,
            refused={**parsed.reasons, **unknown_media, **settled.refused},
            labels=len(settled.labels),
            label_problems={i: text for i, text in parsed.label_problems.items() if i not in settled.refused},
            stated=parsed.stated,
            rounded=parsed.rounded,
            words=parsed.words,
        )


@dataclass(frozen=True, slots=True)
class LabelImporter:
    """Imports rows that are labels of events."""

    rows: LabelRowParser
    event_type: str
    source: str
    label_source: str
    history: bool

    def parse(self, chunk: Chunk) -> ParsedLabels:
        return self.rows.parse(chunk)

    def write(self, parsed: ParsedLabels, *, now: datetime) -> ChunkResult:
        if not self.history:
            done = record_live_labels(
                parsed.rows,
                event_type=self.event_type,
                source=self.source,
                label_source=self.label_source,
                now=now,
            )
        else:
            streams = [f"{self.event_type}/{self.source}/{row.event_id}" for row in parsed.rows]
            done = reconcile_labels(
                parsed.rows,
                streams,
                reader=self.rows.labels,
                label_source=self.label_source,
                now=now,
                receipts=read_streams(streams, version=1),
                stored=read_streams([f"label/{stream}" for stream in streams]),
            )
            write_history_labels(done, now=now)
        return ChunkResult(
            accepted=done.recorded,
            duplicate=done.unchanged,
            refused={**parsed.reasons, **done.refused},
            labels=done.recorded,
            stated=parsed.stated,
            held=len(done.held),
            silent=parsed.silent,
        )
