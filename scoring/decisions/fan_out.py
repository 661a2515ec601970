"""Rows of a batch predicted and explained by other workers too, where one alone would take long.

The holder of a lane lays the rows out in pieces, a list in Redis, and takes pieces from it itself until none
is left. Helpers take what they can meanwhile, and the holder depends on none of them: a piece that somebody
took and did not bring back in time is computed once more. Vectors travel and no states: sequencing stays
where it is. A row's numbers do not depend on the rows beside it, nor therefore on who computed them.

Explanations from tables take less than handing rows over; this is for models that have to do without.
"""

import logging
import secrets
import time
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import orjson
import redis
from numpy.typing import NDArray

from scoring.catalog.registry import lanes
from scoring.decisions.predicting import RUNTIME, Prediction, predict
from scoring.registry.model_versions import LoadedModel, load_model
from scoring.signals import lane_notifications as doorbell
from scoring.signals import redis_connections as connections
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)

WORTH_SECONDS = 0.020  # a batch that takes one process less is not shared out
PIECE_SECONDS = 0.020  # rows that are explained together cost less each, and handing over costs too
FEWEST_PIECES = 4  # the last to be taken is what somebody waits for
CALL_SECONDS = 1.0  # so often one more helper is called for; who finds nothing to do leaves again
PATIENCE = 3.0  # a piece is back within so many times what the holder's slowest took,
LEAST_PATIENCE_SECONDS = 0.05  # or this
KEPT_SECONDS = 10  # pieces and results of a holder that is no more

HELPERS = "assay:helpers"  # there while somebody waits for pieces
HERE_MS = 1_500
WAIT_SECONDS = 0.1  # a helper looks so often whether its process is needed otherwise
LINGER_SECONDS = 1.0
SHIFT_SECONDS = 5.0  # then another task of its queue has its turn


class Piece(NamedTuple):
    """The `number`th part of a batch: rows [n, F] for a model to explain, under these libraries."""

    batch: str
    number: int
    model: str
    runtime: str
    rows: NDArray[np.float64]

    def to_bytes(self) -> bytes:
        head = orjson.dumps([self.batch, self.number, self.model, self.runtime, self.rows.shape[1]])
        return head + b"\n" + self.rows.tobytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Piece":
        head, _, values = content.partition(b"\n")
        batch, number, model, runtime, width = orjson.loads(head)
        return cls(batch, number, model, runtime, np.frombuffer(values).reshape(-1, width))


class FanOut:
    """The predictor of a lane: computes alone what is quick, and shares out what takes long."""

    def __init__(self, lane: str) -> None:
        self._todo = _todo(lane)
        self._row_seconds: dict[str, float] = {}  # by model, lately
        self._call_at = float("-inf")

    def predict(self, loaded: LoadedModel, features: NDArray[np.float64]) -> Prediction:
        """What `predicting.predict` gives, to the bit. Raises ModelFailed."""
        expected = self._row_seconds.get(loaded.name, 0.0) * len(features)
        if expected > WORTH_SECONDS and len(features) > 1:
            pieces = max(FEWEST_PIECES, round(expected / PIECE_SECONDS))
            rows = np.array_split(features, min(pieces, len(features)))
            try:
                if self._has_help():
                    return self._predict_together(loaded, rows)
            except redis.RedisError as error:
                logger.warning("rows are not shared out: %s", error)
        return self._predict_alone(loaded, features)

    def _predict_alone(self, loaded: LoadedModel, features: NDArray[np.float64]) -> Prediction:
        began = time.perf_counter()
        prediction = predict(loaded, features)
        self._row_seconds[loaded.name] = (time.perf_counter() - began) / len(features)
        return prediction

    def _has_help(self) -> bool:
        """Whether somebody waits for pieces. Now and then calls for one more, who may find that nobody is."""
        if time.monotonic() > self._call_at:
            self._call_at = time.monotonic() + CALL_SECONDS
            doorbell.send("scoring.decisions.tasks.help_out", expires=CALL_SECONDS)
        return bool(connections.client().exists(HELPERS))

    def _predict_together(self, loaded: LoadedModel, rows: Sequence[NDArray[np.float64]]) -> Prediction:
        batch, slowest = secrets.token_hex(8), 0.0
        self._lay_out([Piece(batch, number, loaded.name, RUNTIME, part) for number, part in enumerate(rows)])
        parts: dict[int, Prediction] = {}
        while (number := self._take(batch)) is not None:
            began = time.perf_counter()
            parts[number] = self._predict_alone(loaded, rows[number])
            slowest = max(slowest, time.perf_counter() - began)
        patience = max(PATIENCE * slowest, LEAST_PATIENCE_SECONDS)
        brought = _collect(batch, count=len(rows) - len(parts), seconds=patience)
        telemetry.add("helped", count=sum(len(part.scores) for part in brought.values()))
        parts |= brought
        if missing := set(range(len(rows))) - set(parts):
            logger.warning("%d of %d pieces did not come back", len(missing), len(rows))
            parts |= {number: self._predict_alone(loaded, rows[number]) for number in missing}
        return _joined([parts[number] for number in range(len(rows))])

    def _lay_out(self, pieces: Sequence[Piece]) -> None:
        with connections.client().pipeline(transaction=False) as pipe:
            pipe.delete(self._todo)  # left by a holder that is no more
            pipe.rpush(self._todo, *(piece.to_bytes() for piece in pieces))
            pipe.expire(self._todo, KEPT_SECONDS)
            pipe.execute()

    def _take(self, batch: str) -> int | None:
        """The number of a piece that nobody has taken; what another holder left goes."""
        while (content := cast("bytes | None", connections.client().lpop(self._todo))) is not None:
            piece = Piece.from_bytes(content)
            if piece.batch == batch:
                return piece.number
        return None


def help_out(*, linger: float = LINGER_SECONDS, shift: float = SHIFT_SECONDS) -> int:
    """Compute pieces for whoever holds a lane; returns how many.

    Until none has come for `linger` seconds, the shift is over or a lane waits for a process.
    """
    client, todo = connections.client(), [_todo(lane) for lane in lanes()]
    helped, now = 0, time.monotonic()
    ends, leaves = now + shift, now + linger
    while time.monotonic() < min(ends, leaves) and not doorbell.is_any_lane_waiting():
        client.set(HELPERS, "1", px=HERE_MS)
        taken = cast("tuple[bytes, bytes] | None", connections.blocking().brpop(todo, timeout=WAIT_SECONDS))
        if taken is not None:
            _bring(Piece.from_bytes(taken[1]))
            helped, leaves = helped + 1, time.monotonic() + linger
    return helped


def _bring(piece: Piece) -> None:
    """Compute and hand over; where that cannot be done the holder is told so, and does it itself."""
    part: Prediction | None = None
    if piece.runtime == RUNTIME:  # other libraries may round in another way
        try:
            part = predict(load_model(piece.model), piece.rows)
        except Exception:  # whatever it is: the holder meets it too, or does without
            logger.exception("rows for %s could not be explained", piece.model)
    with connections.client().pipeline(transaction=False) as pipe:
        pipe.rpush(_done(piece.batch), _packed(piece.number, part))
        pipe.expire(_done(piece.batch), KEPT_SECONDS)
        pipe.execute()


def _collect(batch: str, *, count: int, seconds: float) -> dict[int, Prediction]:
    """What is brought in time of the `count` pieces that helpers have taken, by number."""
    ends, parts = time.monotonic() + seconds, dict[int, Prediction]()
    for _ in range(count):
        left = max(ends - time.monotonic(), 0.001)  # 0 would be for ever
        left = min(left, connections.MAX_BLOCK_SECONDS)
        popped = connections.blocking().blpop([_done(batch)], timeout=left)
        brought = cast("tuple[bytes, bytes] | None", popped)
        if brought is None:
            break
        parts |= _unpacked(brought[1])
    return parts


def _packed(number: int, part: Prediction | None) -> bytes:
    if part is None:
        return orjson.dumps([number, 0]) + b"\n"
    values = np.column_stack([part.margins, part.scores, part.contributions])
    return orjson.dumps([number, values.shape[1]]) + b"\n" + values.tobytes()


def _unpacked(content: bytes) -> dict[int, Prediction]:
    head, _, values = content.partition(b"\n")
    number, width = orjson.loads(head)
    if not width:
        return {}
    table = np.frombuffer(values).reshape(-1, width)
    return {number: Prediction(table[:, 0], table[:, 1], table[:, 2:])}


def _joined(parts: Sequence[Prediction]) -> Prediction:
    return Prediction(
        np.concatenate([part.margins for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.contributions for part in parts]),
    )


def _todo(lane: str) -> str:
    return f"assay:{{{lane}}}:rows"


def _done(batch: str) -> str:
    return f"assay:explained:{batch}"
