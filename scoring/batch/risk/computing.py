"""The next version of a risk view: the version before, decayed, and the events scored since."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scoring.batch.errors import BatchVersionCorrupt
from scoring.batch.models import BatchVersion
from scoring.batch.risk.overrides import overrides_at, overrides_digest
from scoring.batch.risk.scores import iter_scored
from scoring.batch.risk.sums import RiskSums
from scoring.batch.risk.view import Risk
from scoring.batch.stored import read_tables
from scoring.batch.views import BatchTable
from scoring.log.entries import START, Cursor
from scoring.log.read import read_horizon
from scoring.offline.store import OfflineStore
from scoring.timestamps import to_micros

logger = logging.getLogger(__name__)

# Older events weigh less than a thousandth.
HALF_LIVES_READ = 10


@dataclass(frozen=True, slots=True)
class ComputedRisks:
    """The table of a version, and what the next one needs to know of it."""

    table: BatchTable
    inputs: dict[str, Any]


def compute_risks(
    view: Risk, *, previous: BatchVersion | None, now: datetime, store: OfflineStore | None = None
) -> ComputedRisks:
    """The risks as of `now`. Memory holds the entities' sums and a page of events.

    Without a readable version before, all events of the last ten half-lives are read.
    """
    horizon, overrides = read_horizon(), overrides_at(view.key, now)
    sums, cursor = _begin(view, previous, now=now, store=store)
    since = now - HALF_LIVES_READ * timedelta(microseconds=view.half_life_us)
    for events in iter_scored(view, after=cursor, horizon=horizon, since=since):
        sums.add(events)
    scores = {each.entity: each.score for each in overrides}
    inputs: dict[str, Any] = {"cursor": list(horizon.cursor), "overrides": overrides_digest(overrides)}
    return ComputedRisks(sums.table(scores), inputs)


def _begin(
    view: Risk, previous: BatchVersion | None, *, now: datetime, store: OfflineStore | None
) -> tuple[RiskSums, Cursor]:
    """The sums to add to, and the cursor up to which they hold the log."""
    if previous is not None and previous.inputs:
        try:
            (table,) = read_tables(view, previous, store)
        except BatchVersionCorrupt as error:
            logger.warning("risks are computed anew: %s", error)
        else:
            then_us, now_us = to_micros(previous.as_of), to_micros(now)
            sums = RiskSums.continued(view, table, then_us=then_us, as_of_us=now_us)
            return sums, Cursor(*previous.inputs["cursor"])
    return RiskSums(view, to_micros(now)), START
