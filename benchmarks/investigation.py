"""Queries of the investigation console on a million decided payments, for `python -m benchmarks.pages`.

Its files are generated: each field, signal and feature has a column of its type, as in the product's store.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from reviews.investigation.query.query import Query, query_from
from reviews.investigation.query.session import open_session
from reviews.investigation.query.source import source_of
from reviews.investigation.results.figures import read_figures
from reviews.investigation.results.matching import select_matching
from reviews.investigation.results.rows import read_rows
from reviews.investigation.results.spread import read_histogram, read_timeline
from reviews.investigation.results.top_values import read_top_values
from reviews.investigation.store.columns import (
    DECIDED,
    LABELS,
    LATEST,
    arrow_type,
    column_of,
    stored_operands,
)
from scoring.offline.store import Manifest, OfflineStore
from scoring.rules.expressions.operands import FLAG, NUMBER, Operand

DAYS = 30
ROWS_A_FILE = 100_000
TIMES = 7
LABELED, REVISED = 0.3, 0.02  # shares of events
QUERIES: Mapping[str, Mapping[str, str]] = {
    "all events of 30 days": {},
    "all events of 7 days, compared": {"period": "7d", "compare": "yes"},
    "one merchant": {"q": 'merchant == "m-17"'},
    "amounts and a feature": {"q": "amount > 500 && card_count_24h > 5 && score > 0.2"},
    "missed fraud": {"q": 'outcome == "allow" && label == "fraud"', "top": "merchant,category,rules,card"},
    "rule hits that were legitimate": {"q": '"velocity" in rules && label == "legitimate"'},
    "texts and arithmetic": {
        "q": 'merchant.matches("^m-1[0-9]+$") && amount / (card_amount_mean_30d + 1.0) > 0.5 || !has(device)'
    },
}


def fill_store(store: OfflineStore, *, rows: int, now: datetime) -> None:
    """Write decisions on payments received in the last DAYS days, with labels and later decisions."""
    random = np.random.default_rng(7)
    manifest = Manifest().followed_by(now=now)
    files, layout = [], {}
    for number, first in enumerate(range(0, rows, ROWS_A_FILE)):
        count = min(ROWS_A_FILE, rows - first)
        for day, table in _by_day(_decisions(random, first, count, rows, now)):
            path = f"decided/type=payment/day={day}/00000001-{number}.parquet"
            files.append(store.write(table, path))
            layout["decided/type=payment"] = {each.name: str(each.type) for each in table.schema}
    positions = np.arange(rows, dtype=np.int64)
    labels = _labels(random, random.choice(positions, int(LABELED * rows), replace=False))
    files.append(store.write(labels, "labels/type=payment/day=2026-01-01/00000001-0.parquet"))
    revised = random.choice(positions, int(REVISED * rows), replace=False)
    latest = pa.table([revised, np.zeros(len(revised), np.int16)], schema=LATEST)
    files.append(store.write(latest, "latest/type=payment/00000001-0.parquet"))
    store.commit(Manifest(manifest.number, manifest.written_at, layout=layout, files=tuple(files)))


def measure(store: OfflineStore, *, now: datetime) -> Iterator[tuple[str, float, float, int]]:
    """For each query: its name, median and maximum in milliseconds, and matching events."""
    for name, given in QUERIES.items():
        query = query_from({"type": "payment", "period": "30d", **given}, now=now)
        times, matches = [], 0
        for _ in range(TIMES):
            seconds, matches = _answer(store, query)
            times.append(1000 * seconds)
        yield name, median(times), max(times), matches


def _answer(store: OfflineStore, query: Query) -> tuple[float, int]:
    """The seconds that an answer takes, and how many events match."""
    started = time.perf_counter()
    source = source_of(store, store.manifest(), event_type="payment", since=query.before, until=query.until)
    with open_session(store, seconds=60) as session:
        matched = select_matching(session, query, source)
        figures = read_figures(session, matched)
        read_timeline(session, matched)
        for each in query.top:
            read_top_values(session, matched, each)
        read_histogram(session, matched)
        read_rows(session, matched, page=0)
    return time.perf_counter() - started, figures[True].count


def _decisions(random: np.random.Generator, first: int, count: int, rows: int, now: datetime) -> pa.Table:
    positions = np.arange(first, first + count, dtype=np.int64)
    start = now - timedelta(days=DAYS)
    micros = int(start.timestamp() * 1e6) + positions * (DAYS * 86_400_000_000 // rows)
    scores = random.beta(0.4, 4.0, count)
    outcomes = np.select([scores > 0.6, scores > 0.3], ["block", "review"], "allow")
    hit = random.random(count) < 0.03
    texts = {
        "id": [f"T-{position}" for position in positions],
        "source": ["shop"] * count,
        "outcome": outcomes,
        "initial": outcomes,
        "decided_by": np.where(hit, "rule", "model"),
        "basis": ["model"] * count,
        "cause": [None] * count,
        "model": ["payment-3"] * count,
        "arm": ["champion"] * count,
    }
    lists = {
        "reasons": [["amount_high", "new_merchant"]] * count,
        "rules": [["velocity"] if each else [] for each in hit],
        "shadow_rules": [[]] * count,
        "lists": [[]] * count,
        "banks": [[]] * count,
        "hits": [[]] * count,
    }
    times = dict.fromkeys(("received_at", "occurred_at", "decided_at"), micros)
    own = {
        "event_position": positions,
        "position": positions,
        "revision": np.zeros(count, np.int16),
        "score": scores,
        "stake": np.round(random.lognormal(3, 1.2, count), 2),
        **times,
        **texts,
        **lists,
    }
    arrays = {name: pa.array(own[name], type=each) for name, each in DECIDED.items()}
    for operand in stored_operands("payment"):
        arrays[column_of(operand)] = pa.array(_values(random, operand, count), type=arrow_type(operand))
    return pa.table(arrays)


def _values(random: np.random.Generator, operand: Operand, count: int) -> Any:
    if operand.personal or operand.type == FLAG:
        return random.random(count) < 0.5
    if operand.type == NUMBER:
        return np.round(random.lognormal(3, 1.2, count), 2)
    prefix = operand.name[0]
    distinct = 200_000 if operand.name in ("card", "customer", "device") else 700
    drawn = (random.zipf(1.3, count) % distinct).tolist()
    missing = random.random(count) < (0.2 if operand.optional else 0)
    return [None if gone else f"{prefix}-{each}" for each, gone in zip(drawn, missing, strict=True)]


def _labels(random: np.random.Generator, positions: Any) -> pa.Table:
    count = len(positions)
    labels = np.where(random.random(count) < 0.1, "fraud", "legitimate")
    return pa.table(
        [positions, positions, pa.array(labels.tolist()), pa.array(["review"] * count)], schema=LABELS
    )


def _by_day(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    days = np.asarray(table["received_at"].cast(pa.int64())) // 86_400_000_000
    for day in np.unique(days):
        name = datetime.fromtimestamp(int(day) * 86_400, tz=UTC).date().isoformat()
        yield name, table.filter(pa.array(days == day))
