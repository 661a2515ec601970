"""Letters as senders and reviewers see them, and the work of the process that embeds texts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.catalog.registry import event_type
from scoring.content.embeddings.embedders.current import use_model
from scoring.content.embeddings.embedders.embedder import Embedder
from scoring.content.embeddings.following import TEXTS
from scoring.content.embeddings.models import TextModel
from scoring.content.embeddings.processing import process_batch
from scoring.content.media.attaching import attach_to_one
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.amending.corrections import correct_event
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.runner.lane_runner import LaneRunner
from scoring.timestamps import to_iso
from tests.factories.embedders import HashedWords

BUY = "buy cheap followers for your channel today"
ALIKE = "get cheap followers for your channel now"
OTHER = "the weather in the mountains was lovely again"
PRIZE = "claim your prize with the number of your card"


def now() -> datetime:
    return datetime.now(UTC)


MOMENT = to_iso(now() - timedelta(minutes=1))


def receive(external_id: str, body: str = "", **fields: Any) -> Entry:
    """A received letter; gives its receipt."""
    [receipt] = receive_events([_submission(external_id, body, **fields)], source="post", now=now())
    return read_stream(receipt.stream)[0]


def correct(external_id: str, body: str) -> None:
    correct_event(_submission(external_id, body), source="post", reason="another text", now=now())


def _submission(external_id: str, body: str, **fields: Any) -> Submission:
    given = {"author": "ann", **({"body": body} if body else {}), **fields}
    payload = {"type": "letter", "id": external_id, "occurred_at": MOMENT, **given}
    return Submission("letter", attach_to_one(event_type("letter").parse(payload, now=now())))


def label(external_id: str, *policies: str, value: str | None = "violating", source: str = "review") -> None:
    statement = LabelStatement("letter", external_id, value, source, None, tuple(policies))
    [receipt] = record_labels([statement], source="post", now=now())
    assert receipt.refused is None


def embed(embedder: Embedder | None = None, *, at: datetime | None = None) -> TextModel:
    """Follow the log, and work until nothing is due."""
    embedder = embedder or HashedWords()
    model = use_model(embedder, now=now())
    catch_up(TEXTS, now=now())
    while process_batch(embedder, model, now=at or now()):
        pass
    return model


def work(lane: str = "letters") -> None:
    with held_lane(lane) as held:
        assert held
        runner = LaneRunner(lane)
        while runner.step():
            pass


def entries(external_id: str) -> list[Entry]:
    return read_stream(f"letter/post/{external_id}")


def similar(external_id: str) -> dict[str, float]:
    """What the current version of a letter says of known texts, by column."""
    version = [entry for entry in entries(external_id) if entry.type.startswith("event.")][-1]
    return {name: value for name, value in version.data.get("signals", {}).items() if ".similarity" in name}


def features(decision: Entry) -> dict[str, float]:
    names = lane_plan("letters").feature_set("letter").names
    vector, _ = unpack_vectors(decision.packed or b"", width=len(names))
    return dict(zip(names, vector.tolist(), strict=True))
