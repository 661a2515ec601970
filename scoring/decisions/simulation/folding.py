"""Fold an event that is not stored onto the present states of its entities; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis

from scoring.batch.serve.lookup import BatchLookup
from scoring.catalog.registry import event_type
from scoring.decisions.errors import SimulationUnavailable
from scoring.decisions.predictions.model_answers import Scored
from scoring.features.compile.plan import LanePlan, lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.lanes.claiming import Claim
from scoring.lanes.order import LaneHead, event_item, find_head, read_head
from scoring.states.store import Look, OnlineStore, ScriptCall


@dataclass(frozen=True, slots=True)
class FoldedEvent:
    """An event with the row that its lane would fold for it now, after the items up to `head`."""

    scored: Scored
    head: LaneHead


def fold_event(
    event: Mapping[str, Any], *, ruleset: int, now: datetime, texts: Mapping[str, str] | None = None
) -> FoldedEvent:
    """Fold an event (data of a receipt) as the next item of its lane. Raises SimulationUnavailable.

    `texts`: its personal texts by digest, since the vault lacks them.
    """
    kind = event_type(event["type"])
    plan = lane_plan(kind.lane)
    head = read_head(kind.lane)
    item = event_item(head.seq + 1, event)
    batch = encode(plan, [item])
    lookup = BatchLookup(plan).choose([item], [now])
    look = _look(plan, batch.state_keys(), lookup.script())
    if look.reply is not None:
        lookup.fill(batch, look.reply)
    seen = _head_of(look, head)
    [row] = fold(plan, batch, Arena.from_blobs(plan, look.states))
    claim = unstored_claim(event, ruleset=ruleset, now=now)
    sets, read = plan.feature_sets(kind.name), lookup.numbers[0]
    scored = Scored(claim, seen.order, seen.seq + 1, row, sets, read, dict(texts or {}))
    return FoldedEvent(scored, seen)


def _look(plan: LanePlan, keys: list[str], script: ScriptCall | None) -> Look:
    """The present states, and the values of batch views; those of a lane without any items are empty."""
    store = OnlineStore(plan.lane, plan.layout_id)
    try:
        if store.cursor() is not None:
            return store.look(keys, script)
    except redis.RedisError as error:
        raise SimulationUnavailable(f"Redis does not answer ({error})") from error
    if read_head(plan.lane).seq:
        raise SimulationUnavailable("its lane has yet to restore the states of its entities")
    return Look(None, dict.fromkeys(keys), None)


def _head_of(look: Look, head: LaneHead) -> LaneHead:
    """The head that the states reflect: the lane may have moved on since they were read."""
    if look.cursor is None or look.cursor == head.cursor:
        return head
    found = find_head(head.lane, cursor_value=look.cursor)
    if found is None:
        raise SimulationUnavailable("its lane is restoring the states of its entities")
    return found


def unstored_claim(event: Mapping[str, Any], *, ruleset: int, now: datetime) -> Claim:
    """A claim of an event that was never received, for code that decides claims."""
    return Claim(
        position=0,
        kind="event",
        urgent=True,
        event_stream=f"{event['type']}/{event['source']}/{event['id']}",
        wake_token=None,
        data=event,
        event_position=0,
        event=event,
        event_version=0,
        received_at=now,
        stream_version=1,
        decisions=0,
        amended=False,
        routes="",
        ruleset=ruleset,
    )
