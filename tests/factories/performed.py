"""Weeks of decisions of a model whose scores are right, with labels that come later: nothing is trained."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.windows.weeks import to_week
from scoring.catalog.registry import event_type
from scoring.features.compile.plan import FeatureSet, lane_plan
from scoring.features.logged_vectors import pack_vectors
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.registry.artifact import Artifact, ModelSpec
from scoring.registry.calibration import Calibration, sigmoid
from scoring.registry.model_versions import Registration, register_model
from scoring.registry.routes import Arm, change_route
from scoring.timestamps import to_iso
from tests.factories.log import decided, labeled, received

WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
# A Monday, so long ago that all that the tests make up is past, and pages still show it.
TRAINED_AT = to_week(datetime.now(UTC)) - 16 * WEEK
THRESHOLDS = {"review": 0.3, "block": 0.8}
STAKE = 2_500
CATEGORIES = ("grocery", "travel", "jewelry")
VOCABULARIES = {"category": CATEGORIES}


@cache
def feature_set() -> FeatureSet:
    return lane_plan("commerce", {"payment": VOCABULARIES}).feature_set("payment")


def deploy_model(*, seed: int = 1, held_out: int = 2_000) -> str:
    """A champion for payments with these thresholds, and events that were held out at its training."""
    own = feature_set()
    spec = ModelSpec(
        event_type="payment",
        feature_set=own.hash,
        features=own.names,
        vocabularies=VOCABULARIES,
        calibration=Calibration(1.0, 0.0),
        thresholds=THRESHOLDS,
        medians=tuple(0.0 for _ in own.names),
        base_rate=0.1,
        rounds=1,
    )
    registration = Registration(
        event_type="payment",
        as_of=TRAINED_AT,
        parameters={"trees": 200, "depth": 6},
        metrics={},
        lineage={"rows": 1_000, "positives": 100, "log_position": 0},
        comparison={},
        reference={},
        checks=[],
        held_out=_held_out(np.random.default_rng(seed), held_out),
    )
    artifact = Artifact(b"booster", spec.to_json())
    name = register_model(registration, artifact=artifact, actor="user/ana", now=TRAINED_AT)
    place: dict[str, Any] = {"salt": "s", "unit": "customer", "actor": "tests", "reason": "test"}
    arms = [Arm("champion", name, "champion", 1.0)]
    change_route("payment", arms=arms, now=TRAINED_AT, expected_version=0, **place)
    return name


def _held_out(rng: np.random.Generator, count: int) -> dict[str, Any]:
    score = scores(rng, count)
    return {
        "positions": list(range(count)),
        "scores": score.tolist(),
        "positive": (rng.random(count) < score).astype(int).tolist(),
        "weights": [1.0] * count,
        "stakes": [STAKE] * count,
        "days": 7.0,
        "rows": count,
        "since": to_iso(TRAINED_AT - WEEK),
        "until": to_iso(TRAINED_AT),
    }


def scores(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Probabilities from a model that tells most events apart; an eighth or so are positive."""
    return np.asarray(sigmoid(rng.normal(-3, 1.8, count)), dtype=np.float64)


def decide_week(model: str, number: int, *, count: int, seed: int = 1) -> list[tuple[Entry, float]]:
    """Events spread over the week `number` after the training, decided at once; each with its score."""
    rng, start = np.random.default_rng([seed, number]), TRAINED_AT + number * WEEK
    made = []
    for day, part in enumerate(np.array_split(scores(rng, count), 7)):
        now = start + day * DAY + DAY / 2
        new = [_received(f"W{number}-{day}-{at}", CATEGORIES[at % 3], now=now) for at in range(len(part))]
        events = append(new, now=now)
        append([_decision(model, *each, rng) for each in zip(events, part.tolist(), strict=True)], now=now)
        made += list(zip(events, part.tolist(), strict=True))
    return made


def _received(external_id: str, category: str, *, now: datetime) -> NewEntry:
    new = received(external_id, category=category, amount={"minor": STAKE, "currency": "USD"})
    data = {**new.data, "occurred_at": now - timedelta(minutes=1)}
    return NewEntry(new.stream, new.expected_version, new.type, data)


def _decision(model: str, event: Entry, score: float, rng: np.random.Generator) -> NewEntry:
    outcome = "review" if score >= THRESHOLDS["review"] else "allow"
    new = decided(event, model=model, score=score, outcome=outcome, stake=STAKE, decided_at=event.recorded_at)
    codes = [len(spec.vocabulary) + 1 if spec.unit == "category" else 0 for spec in feature_set().features]
    is_code, numbers = np.array(codes) > 0, rng.normal(0, 1, len(codes))
    vector = np.where(is_code, rng.integers(0, np.maximum(codes, 1)), numbers)
    packed = pack_vectors(vector, np.zeros(len(vector) + 1))
    return NewEntry(new.stream, new.expected_version, new.type, new.data, packed=packed)


def label_fraud(
    made: Sequence[tuple[Entry, float]], *, now: datetime, delay_days: float = 10.0, seed: int = 2
) -> list[str]:
    """Chargebacks for the events that are fraud, as likely as their scores say; returns their streams.

    They became known about `delay_days` after their events, at the latest at `now`, when they are recorded.
    """
    rng = np.random.default_rng(seed)
    fraud = [event for event, score in made if rng.random() < score]
    delays = rng.exponential(delay_days, len(fraud))
    entries = [
        labeled(event.stream, known_at=event.recorded_at + delay * DAY)
        for event, delay in zip(fraud, delays.tolist(), strict=True)
        if event.recorded_at + delay * DAY <= now
    ]
    append(entries, now=now)
    return [entry.data["event"] for entry in entries]


def maturity() -> timedelta:
    return event_type("payment").matures_after
