"""The same 60 features of a file by Assay, DuckDB, Polars and pandas: `python -m benchmarks.contenders`.

Each runs in its own process, so that its memory can be measured, and prints a line of JSON: wall-clock
seconds and CPU seconds from the file to the values in memory, and peak memory.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import numpy as np
import orjson
import psutil
import pyarrow.parquet as pq
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from benchmarks.windows import (  # noqa: E402 -- the catalog needs Django's applications
    AGGREGATES,
    ENTITIES,
    FRAMES,
    TILES,
    WINDOW_US,
    Purchase,
    value_names,
    write_payments,
)
from scoring.features.compile.plan import LanePlan, compile_lane  # noqa: E402
from scoring.features.folding.arena import Arena  # noqa: E402
from scoring.features.folding.encode import Batch  # noqa: E402
from scoring.features.folding.encode_columns import encode_columns  # noqa: E402
from scoring.features.folding.parallel import fold_history  # noqa: E402
from scoring.features.folding.split import with_columns  # noqa: E402
from scoring.offline.columns import coded, integers, numbers  # noqa: E402

Values = NDArray[np.float64]  # [rows, 60]
ITEMS_PER_BATCH = 100_000
MIB = 2**20
SAMPLE = 1_000  # rows whose values are compared


def by_assay(path: Path, threads: int) -> Values:
    values, done = np.empty((pq.read_metadata(path).num_rows, len(value_names()))), 0
    for output in _folded(path, threads):
        values[done : done + len(output)] = output
        done += len(output)
    return values


def by_assay_discarding(path: Path, threads: int) -> Values:
    """The same, keeping only the last values: shows the memory of states and batches alone."""
    output = np.empty((0, len(value_names())))
    for output in _folded(path, threads):  # noqa: B007
        pass
    return output


def _folded(path: Path, threads: int) -> Iterator[Values]:
    plan = compile_lane("backfill", [Purchase])
    feature_set = plan.feature_set("purchase")
    columns = [feature_set.columns[feature_set.names.index(name)] for name in value_names()]
    plan = with_columns(plan, "purchase", columns)
    for _, slices in fold_history(plan, _batches(plan, path), Arena(plan), threads=threads):
        for _, output in slices:
            yield output


def _batches(plan: LanePlan, path: Path) -> Iterator[tuple[None, Batch]]:
    table = pq.read_table(path)
    for start in range(0, len(table), ITEMS_PER_BATCH):
        part = table.slice(start, ITEMS_PER_BATCH)
        columns = {name: integers(part[name]) for name in ("seq", "occurred_at_us")}
        columns |= {name: coded(part[name]) for name in ENTITIES}
        yield None, encode_columns(plan, "purchase", columns | {"amount": numbers(part["amount"])})


def by_duckdb(path: Path, threads: int) -> Values:
    """Window frames whose lower bound is an expression: exactly Assay's tiles."""
    import duckdb  # noqa: PLC0415 -- in no other contender's memory

    def frame(entity: str, window: str) -> str:
        over, tile = WINDOW_US[window], WINDOW_US[window] // TILES
        first = f"((occurred_at_us - {over}) // {tile} * {tile})"
        bounds = f"RANGE BETWEEN occurred_at_us - {first} PRECEDING AND 1 PRECEDING"
        return f"{entity}_{window} AS (PARTITION BY {entity} ORDER BY occurred_at_us {bounds})"

    words = {
        "count": "count(*)",
        "sum": "coalesce(sum(amount), 0)",
        "mean": "avg(amount)",
        "std": "stddev_pop(amount)",
        "min": "min(amount)",
        "max": "max(amount)",
    }
    chosen = ", ".join(
        words[aggregate]
        .replace("(amount)", f"(amount) OVER {entity}_{window}")
        .replace("(*)", f"(*) OVER {entity}_{window}")
        for entity, window in FRAMES
        for aggregate in AGGREGATES
    )
    windows = ", ".join(frame(*each) for each in FRAMES)
    with duckdb.connect(config={"threads": threads}) as connection:
        query = f"SELECT seq, {chosen} FROM read_parquet('{path}') WINDOW {windows}"  # noqa: S608
        columns = list(connection.execute(query).fetchnumpy().values())
    values = np.empty((len(columns[0]), len(FRAMES) * len(AGGREGATES)))
    for at, column in enumerate(columns[1:]):
        values[columns[0] - 1, at] = np.ma.filled(column.astype(float), np.nan)
    return values


def by_polars(path: Path, threads: int) -> Values:
    """Exact rolling windows, because its frames cannot have a bound per row."""
    import polars as pl  # noqa: PLC0415

    payments = pl.read_parquet(path).with_row_index("row")
    values = np.empty((payments.height, len(FRAMES) * len(AGGREGATES)))
    amount = pl.col("amount")
    words = [
        pl.len().alias("count"),
        amount.sum().alias("sum"),
        amount.mean().alias("mean"),
        amount.std(ddof=0).alias("std"),
        amount.min().alias("min"),
        amount.max().alias("max"),
    ]
    for at, (entity, window) in enumerate(FRAMES):
        rolled = payments.sort(entity, "occurred_at_us").rolling(
            "occurred_at_us", group_by=entity, period=f"{WINDOW_US[window]}i", closed="left"
        )
        found = rolled.agg(words).sort("occurred_at_us")  # no two payments have the same time
        first = at * len(AGGREGATES)
        values[:, first : first + len(AGGREGATES)] = found.select(AGGREGATES).cast(pl.Float64).to_numpy()
    return values


def by_pandas(path: Path, threads: int) -> Values:
    """Exact rolling windows by group, on one core."""
    import pandas as pd  # noqa: PLC0415

    payments = pd.read_parquet(path)
    payments["at"] = pd.to_datetime(payments["occurred_at_us"], unit="us")
    values = np.empty((len(payments), len(FRAMES) * len(AGGREGATES)))
    for at, (entity, window) in enumerate(FRAMES):
        ordered = payments.sort_values([entity, "at"], kind="stable")
        rolled = ordered.groupby(entity, observed=True, sort=True).rolling(
            pd.Timedelta(WINDOW_US[window], "us"), on="at", closed="left"
        )
        amount = rolled["amount"]
        found = {name: getattr(amount, name)() for name in ("mean", "min", "max")}
        found |= {name: getattr(amount, name)().fillna(0.0) for name in ("count", "sum")}
        found["std"] = amount.std(ddof=0)
        rows = ordered.index.to_numpy()
        for place, aggregate in enumerate(AGGREGATES):
            values[rows, at * len(AGGREGATES) + place] = found[aggregate].to_numpy()
    return values


CONTENDERS: dict[str, Callable[[Path, int], Values]] = {
    "assay": by_assay,
    "assay_states": by_assay_discarding,
    "duckdb": by_duckdb,
    "polars": by_polars,
    "pandas": by_pandas,
}


def measure(name: str, path: Path, threads: int) -> tuple[dict[str, float], Values]:
    before = psutil.Process().memory_info().rss / MIB
    clock, spent = time.perf_counter(), time.process_time()
    values = CONTENDERS[name](path, threads)
    figures = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - spent}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    return figures | {"memory_mib": peak - before, "rows": len(values), "values": values.shape[1]}, values


def sample_of(values: Values) -> Values:
    """Rows spread over all values, including early ones with empty windows."""
    return values[np.linspace(0, len(values) - 1, SAMPLE).astype(np.int64)]


def main(arguments: list[str]) -> None:
    name, file, threads, sample = arguments
    small = Path(sample).with_suffix(".small.parquet")
    write_payments(small, 2_000)
    CONTENDERS[name](small, int(threads))  # compiles, imports
    figures, values = measure(name, Path(file), int(threads))
    np.save(sample, sample_of(values))
    sys.stdout.write(orjson.dumps(figures).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
