"""Samples of decisions with the scores of content policies, drawn in the background.

All content policies of an event type share a sample: a decision is the likelier drawn the higher the highest
of its scores is, and certainly, as long as they fit, if its event breaks a policy.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.policies import names_of
from scoring.catalog.registry import event_types
from scoring.intake.amending.retractions import retracted_events
from scoring.learning.policies.sampling.models import HeadSample
from scoring.learning.policies.sampling.priority import PrioritySample, importance_of, uniform_of
from scoring.learning.policies.sampling.stored import (
    FEW,
    JUDGED,
    KEPT,
    MAX_AGE,
    MAX_AGE_OF_FEW,
    MIN_POSITIONS,
    RECENT,
    SIZE,
    Purpose,
    period_of,
)
from scoring.rules.off_policy.revealing import Bools, reveal
from scoring.rules.policies.thresholds import outcome_of
from scoring.rules.rules.trial.sample import positions_since

CHUNK = 20_000
NOT_BROKEN, BROKEN, NOT_KNOWN = 0, 1, -1

# The last decision of each event with scores of policies; thresholds are those of its main score. A blocked
# event has the propensity with which it would have been let through.
_DECISIONS = """
    SELECT decision.position, decision.event_position, decision.score,
           coalesce(decision.stake, %s), decision.outcome = 'block', coalesce(decision.propensity, 'NaN'),
           CASE WHEN decision.outcome = 'block'
                THEN coalesce((entry.data::json #>> '{exploration,propensity}')::float8, 0) ELSE 0 END,
           extract(epoch FROM decision.decided_at)::float8,
           (entry.data::json -> 'thresholds')::text, (entry.data::json -> 'policies')::text
      FROM scoring_decision decision
      JOIN scoring_logentry entry ON entry.position = decision.position
     WHERE decision.position >= %s AND decision.position < %s AND decision.event_type = %s
       AND decision.score IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM scoring_decision later
            WHERE later.event_position = decision.event_position AND later.revision > decision.revision
              AND later.score IS NOT NULL AND later.position < %s)
     ORDER BY decision.position LIMIT %s
"""
_LABELS = """
    SELECT entry.position, latest.effective = %s, latest.policies
      FROM (SELECT DISTINCT ON (event_stream) event_stream, effective, effective_policies::text AS policies
              FROM scoring_label
             WHERE starts_with(event_stream, %s) ORDER BY event_stream, position DESC) latest
      JOIN scoring_logentry entry ON entry.stream = latest.event_stream AND entry.stream_version = 1
     WHERE latest.effective IS NOT NULL
"""


def row_type(policies: int) -> np.dtype[Any]:
    """A sampled decision. `main`: the place of the main score's outcome among the type's outcomes.

    `score` and `broken`: by content policy, NaN without a head, and one of NOT_BROKEN, BROKEN, NOT_KNOWN.
    """
    return np.dtype(
        [
            *(("decision", "<i8"), ("event", "<i8"), ("stake", "<i8"), ("inverse", "<f8"), ("main", "<i1")),
            *(("positive", "?"), ("importance", "<f8"), ("priority", "<f8")),
            *(("score", "<f8", (policies,)), ("broken", "<i1", (policies,))),
        ]
    )


@dataclass(frozen=True)
class DrawnSample:
    """Rows of `row_type`, those of the highest priorities first, and what they were drawn from."""

    policies: tuple[str, ...]
    rows: NDArray[Any]
    first_at: datetime
    until: datetime
    decisions: int
    unknown: int
    drawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Labeled:
    """The label of an event: whether it is positive, and the policies that it names as broken."""

    positive: bool
    policies: frozenset[str]


def refresh_head_samples(*, now: datetime) -> list[str]:
    """Draw what is missing or old, of event types with content policies. Returns what was drawn."""
    drawn = []
    for kind in event_types().values():
        for purpose in (JUDGED, RECENT) if kind.scored and kind.policies else ():
            if _is_due(kind, purpose, now=now) and store_head_sample(kind, purpose, now=now):
                drawn.append(f"{kind.name}/policies/{purpose.value}")
    return drawn


def store_head_sample(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    """Draw a sample and store it. False if there are few decisions, which pages read themselves, or none."""
    if not is_long(kind, purpose, now=now):
        return False
    drawn = draw_head_sample(kind, purpose, now=now)
    if drawn is None:
        return False
    values = {
        "policies": list(drawn.policies),
        "first_at": drawn.first_at,
        "until": drawn.until,
        "decisions": drawn.decisions,
        "unknown": drawn.unknown,
        "rows": drawn.rows.tobytes(),
        "computed_at": now,
    }
    HeadSample.objects.update_or_create(event_type=kind.name, purpose=purpose, defaults=values)
    return True


def stored_head_sample(kind: type[EventType], purpose: Purpose, *, now: datetime) -> DrawnSample | None:
    """The latest sample; None if there is none, or only one that is out of date."""
    found = HeadSample.objects.filter(
        event_type=kind.name, purpose=purpose, computed_at__gt=now - KEPT
    ).first()
    if found is None:
        return None
    return DrawnSample(
        policies=tuple(found.policies),
        rows=np.frombuffer(found.rows, dtype=row_type(len(found.policies))),
        first_at=found.first_at,
        until=found.until,
        decisions=found.decisions,
        unknown=found.unknown,
        drawn_at=found.computed_at,
    )


def is_long(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    """Whether the period has too many entries of the log for a page to read its decisions."""
    first, end = _positions(kind, purpose, now=now)
    return end - first > MIN_POSITIONS


def draw_head_sample(kind: type[EventType], purpose: Purpose, *, now: datetime) -> DrawnSample | None:
    """Read all decisions of the period once and draw a sample of them; None without scores of policies.

    Of mature events, retracted ones are left out, and decisions that do not reveal the class (`reveal`);
    `unknown` counts those whose class nothing shows.
    """
    policies, (first, end) = names_of(kind.policies), _positions(kind, purpose, now=now)
    labels = _read_labels(kind) if purpose == JUDGED else None
    sample, decisions, unknown, first_at = PrioritySample(SIZE, row_type(len(policies))), 0, 0, None
    retracted = retracted_events(kind.name) if purpose == JUDGED else set[int]()
    for every in _read_decisions(kind, first, end):
        read = [each for each in every if each[1] not in retracted]
        rows, kept, hidden = _rows(read, policies, kind.outcomes, labels)
        if not len(rows):
            continue
        at = min(float(each[7]) for each in read)
        first_at = at if first_at is None else min(first_at, at)
        sample.add(rows[kept])
        decisions, unknown = decisions + int(kept.sum()), unknown + int(hidden.sum())
    if first_at is None:
        return None
    _, until = period_of(kind, purpose, now=now)
    return DrawnSample(
        policies, sample.rows(), datetime.fromtimestamp(first_at, UTC), until, decisions, unknown
    )


def _is_due(kind: type[EventType], purpose: Purpose, *, now: datetime) -> bool:
    stored = HeadSample.objects.filter(event_type=kind.name, purpose=purpose).defer("rows").first()
    if stored is None or tuple(stored.policies) != names_of(kind.policies):
        return True
    return now - stored.computed_at >= (MAX_AGE_OF_FEW if stored.decisions < FEW else MAX_AGE)


def _positions(kind: type[EventType], purpose: Purpose, *, now: datetime) -> tuple[int, int]:
    since, until = period_of(kind, purpose, now=now)
    return positions_since(since)[0], positions_since(until)[0]


def _read_labels(kind: type[EventType]) -> dict[int, Labeled]:
    """The effective labels by the position of the event's receipt."""
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, [kind.labels.positive, f"{kind.name}/"])
        return {
            position: Labeled(positive, frozenset(orjson.loads(policies or "[]")))
            for position, positive, policies in cursor.fetchall()
        }


def _read_decisions(kind: type[EventType], first: int, end: int) -> Iterator[list[tuple[Any, ...]]]:
    """The decisions at positions in [first, end), a chunk at a time."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_DECISIONS, [kind.nominal_stake, first, end, kind.name, end, CHUNK])
            if not (rows := cursor.fetchall()):
                return
            yield rows
            first = rows[-1][0] + 1


def _rows(
    read: Sequence[tuple[Any, ...]],
    policies: Sequence[str],
    outcomes: Sequence[str],
    labels: Mapping[int, Labeled] | None,
) -> tuple[NDArray[Any], Bools, Bools]:
    """The decisions with scores of policies as they are sampled, with (revealed, unknown): bool[n]."""
    scored = [each for each in read if each[9]]
    rows = np.zeros(len(scored), dtype=row_type(len(policies)))
    if not scored:
        return rows, np.ones(0, dtype=bool), np.zeros(0, dtype=bool)
    decision, event, score, stake, blocked, let_through, of_block, _, thresholds, heads = zip(
        *scored, strict=True
    )
    labeled = [labels.get(each) if labels is not None else None for each in event]
    rows["decision"], rows["event"], rows["stake"] = decision, event, stake
    through = np.array(let_through, dtype=np.float64)
    rows["inverse"] = 1 / np.where(np.isnan(through), 1.0, through)
    rows["main"] = [
        outcomes.index(outcome_of(each, orjson.loads(limits or "{}") or {}, outcomes))
        for each, limits in zip(score, thresholds, strict=True)
    ]
    rows["score"] = [_scores(orjson.loads(each), policies) for each in heads]
    rows["broken"] = [broken_by(each, policies) for each in labeled]
    rows["positive"] = [each is not None and each.positive for each in labeled]
    kept, hidden = np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    if labels is not None:
        kept, propensity = reveal(
            blocked=np.array(blocked, dtype=bool),
            labeled=np.array([each is not None for each in labeled], dtype=bool),
            let_through=through,
            propensity=np.array(of_block, dtype=np.float64),
        )
        hidden = propensity <= 0
    certain = (rows["broken"] == BROKEN).any(axis=1)
    highest = np.nan_to_num(rows["score"]).max(axis=1, initial=0.0)
    rows["importance"] = importance_of(highest, certain) * rows["inverse"]
    rows["priority"] = rows["importance"] / uniform_of(rows["event"])
    return rows, kept, hidden


def _scores(heads: Mapping[str, Any], policies: Sequence[str]) -> list[float]:
    return [heads[name]["score"] if name in heads else np.nan for name in policies]


def broken_by(label: Labeled | None, policies: Sequence[str]) -> list[int]:
    """Whether an event breaks each of the policies, as training takes its label.

    An event without a label breaks none; one with a positive label that names none may break any.

    >>> broken_by(Labeled(True, frozenset({"spam"})), ["spam", "scam"]), broken_by(None, ["spam"])
    ([1, 0], [0])
    """
    if label is not None and label.positive and not label.policies:
        return [NOT_KNOWN] * len(policies)
    named = label.policies if label is not None and label.positive else frozenset()
    return [BROKEN if name in named else NOT_BROKEN for name in policies]
