"""A forum's comments: harmless talk, advertising and fraud, in words of their own; seeded."""

import random
from datetime import UTC, datetime, timedelta

import pandas as pd

from scoring.ingest.imports import ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.states.history import sequence_history

START = datetime(2026, 1, 1, tzinfo=UTC)
TALK = (
    *("the", "song", "sounds", "lovely", "tonight", "because", "her", "voice"),
    *("reminds", "me", "of", "summer", "evenings", "with", "old", "friends"),
)
SPAM = ["subscribe to my channel", "check out my new video", "visit my page for cheap followers"]
SCAM = ["send me your wallet and double your coins", "claim the prize with your card number"]


def text_of(kind: str, rng: random.Random) -> str:
    talk = " ".join(rng.sample(TALK, rng.randint(3, 8)))
    phrase = {"spam": rng.choice(SPAM), "scam": rng.choice(SCAM), "talk": ""}[kind]
    return f"{phrase} {talk}".strip() if rng.random() < 0.5 else f"{talk} {phrase}".strip()


def comments(count: int, *, seed: int = 1) -> pd.DataFrame:
    """Comments of ten minutes' distance: a fifth spam, a tenth fraud, labeled with policies after an hour."""
    rng = random.Random(seed)
    kinds = rng.choices(["talk", "spam", "scam"], weights=[7, 2, 1], k=count)
    times = [START + timedelta(minutes=10 * number) for number in range(count)]
    return pd.DataFrame(
        {
            "id": [f"c{number}" for number in range(count)],
            "occurred_at": times,
            "author": [f"author-{rng.randrange(60)}" for _ in range(count)],
            "text": [text_of(kind, rng) for kind in kinds],
            "label": ["acceptable" if kind == "talk" else "violating" for kind in kinds],
            "label_known_at": [time + timedelta(hours=1) for time in times],
            "why": ["" if kind == "talk" else kind for kind in kinds],
        }
    )


def load_comments(frame: pd.DataFrame, *, now: datetime, source: str = "forum") -> None:
    """Load the comments with their labels as history of the event type `comment`."""
    label = LabelMapping(column="label", known_at="label_known_at", source="people", policies="why")
    mapping = ColumnMapping(type="comment", source=source, label=label)
    report = ingest_frame(frame, mapping=mapping, history=True, now=now)
    assert (report.accepted, report.labels) == (len(frame), len(frame))
    sequence_history("comments")
