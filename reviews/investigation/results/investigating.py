"""Answers a query: figures, a timeline, top values, a distribution and the newest events."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from django.conf import settings

from reviews.investigation.errors import ConsoleOff
from reviews.investigation.query.query import Query
from reviews.investigation.query.running import Run
from reviews.investigation.query.session import open_session
from reviews.investigation.query.source import Source, source_of
from reviews.investigation.results.figures import Figures, read_figures
from reviews.investigation.results.matching import compile_query, select_matching
from reviews.investigation.results.rows import MAX_ROWS, Row, read_rows
from reviews.investigation.results.spread import Histogram, Timeline, read_histogram, read_timeline
from reviews.investigation.results.top_values import TopValues, read_top_values
from reviews.investigation.store.following import follow_log, investigation_store
from scoring.offline.store import Manifest, OfflineStore
from scoring.timestamps import from_iso

NEWEST_ENTRIES = 1_000  # added by the query itself, so that results are fresh


@dataclass(frozen=True)
class Result:
    """What a query found. `before`: the figures of the period before, None without comparison.

    `as_of`: everything known until then is included; None before the store was first written. `seconds`: how
    long the statements took.
    """

    query: Query
    total: int
    figures: Figures
    before: Figures | None
    timeline: Timeline | None
    top: tuple[TopValues, ...]
    histogram: Histogram | None
    rows: tuple[Row, ...]
    as_of: datetime | None
    seconds: float


def investigate(
    query: Query,
    *,
    now: datetime,
    page: int = 0,
    withheld: Collection[int] = (),
    store: OfflineStore | None = None,
    run: Run | None = None,
) -> Result:
    """Answer a query. `withheld`: the events whose labels the user must not see.

    `run`: what can be cancelled. Raises ExpressionInvalid, QueryTooSlow, QueryTooLarge, QueryCancelled,
    ConsoleBusy.
    """
    compile_query(query)
    store = store or investigation_store()
    manifest, as_of = newest_manifest(store, now=now)
    source = source_of(store, manifest, event_type=query.event_type, since=query.before, until=query.until)
    if not source.decided:
        return _nothing(query, as_of)
    started = monotonic()
    with open_session(store, run=run) as session:
        matched = select_matching(session, query, source, withheld=withheld)
        figures = read_figures(session, matched)
        parts: dict[str, Any] = {
            "total": matched.total,
            "figures": figures[True],
            "before": figures[False] if query.compare else None,
            "timeline": read_timeline(session, matched),
            "top": tuple(read_top_values(session, matched, name) for name in query.top),
            "histogram": read_histogram(session, matched),
            "rows": read_rows(session, matched, page=min(page, MAX_ROWS)),
        }
    return Result(query=query, as_of=as_of, seconds=monotonic() - started, **parts)


def newest_manifest(store: OfflineStore, *, now: datetime) -> tuple[Manifest, datetime | None]:
    """The store's manifest after the newest entries were added, and until when it is complete.

    Raises ConsoleOff.
    """
    if not settings.INVESTIGATION_DAYS:
        raise ConsoleOff
    followed = follow_log(store, now=now, max_entries=NEWEST_ENTRIES)
    if followed is not None and followed.caught_up:
        return followed.manifest, now
    manifest = followed.manifest if followed is not None else store.manifest()
    return manifest, from_iso(manifest.written_at) if manifest.written_at else None


def source_for(query: Query, store: OfflineStore, *, now: datetime) -> Source:
    """The files of a query's period, with the newest entries."""
    manifest, _ = newest_manifest(store, now=now)
    return source_of(store, manifest, event_type=query.event_type, since=query.before, until=query.until)


def _nothing(query: Query, as_of: datetime | None) -> Result:
    none = Figures.of_nothing()
    before = none if query.compare else None
    return Result(query, 0, none, before, None, (), None, (), as_of, 0.0)
