"""Holds entity states in one block of memory for the kernel."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from scoring.features import opcodes as op
from scoring.features.compile.plan import LanePlan
from scoring.features.errors import StateLayoutMismatch, StateNotLoaded
from scoring.features.folding.encode import Batch, KeyColumn

_FIRST_CAPACITY = 1024  # words


class Arena:
    """States of a lane's entities. It grows with the batches of a history; one made from blobs is closed.

    `saturated_reads` counts, per feature of `plan.saturables`, reads that a full map may have made too low.
    """

    def __init__(self, plan: LanePlan, *, closed: bool = False, capacity: int = _FIRST_CAPACITY) -> None:
        self.plan = plan
        self.closed = closed
        self.saturated_reads = np.zeros(max(1, len(plan.saturables)), dtype=np.int64)
        self._words = np.zeros(capacity, dtype=np.int64)
        self._used = 0
        self._index: list[dict[str, int]] = [{} for _ in plan.entity_kinds]  # key -> first word

    @classmethod
    def from_blobs(cls, plan: LanePlan, blobs: Mapping[str, bytes | None]) -> "Arena":
        """A closed arena of these states, by "{kind index}:{key}"; None means a new entity.

        Folding a batch that needs another state raises StateNotLoaded. Raises StateLayoutMismatch.
        """
        by_kind: dict[int, dict[str, bytes | None]] = {}
        for suffix, blob in blobs.items():
            index, _, key = suffix.partition(":")
            by_kind.setdefault(int(index), {})[key] = blob
        words = sum(plan.entity_kinds[kind].words * len(states) for kind, states in by_kind.items())
        arena = cls(plan, closed=True, capacity=words)
        for kind, states in by_kind.items():
            arena._load(kind, states)
        return arena

    @classmethod
    def for_batch(cls, plan: LanePlan, batch: Batch) -> "Arena":
        """An open arena in which every entity of the batch is new."""
        arena = cls(plan)
        arena.slots(batch)
        return arena

    def slots(self, batch: Batch) -> NDArray[np.int64]:
        """Per item and key column, the word where its state starts, or -1; makes room for new entities."""
        slots = np.full((batch.n, max(1, len(batch.keys))), -1, dtype=np.int64)
        for at, (column, starts) in enumerate(zip(batch.keys, self.starts(batch), strict=True)):
            if column.uniques:
                slots[:, at] = starts[column.codes]
        return slots

    def starts(self, batch: Batch) -> list[NDArray[np.int64]]:
        """By key column, the word where the state of each of the batch's keys starts, then a -1.

        Makes room for new entities, so it must not be called while states are being folded.
        """
        return [self._starts(kind, column) for kind, column in zip(batch.kinds, batch.keys, strict=True)]

    def memory(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The states as integers and as floats: two views of the same memory."""
        return self._words, self._words.view(np.float64)

    def blobs(self) -> dict[str, bytes]:
        """Every state by "{kind index}:{key}", little-endian, except those that were only read."""
        return dict(self.iter_blobs())

    def iter_blobs(self) -> Iterator[tuple[str, bytes]]:
        memory = self._words.astype("<i8", copy=False).data.cast("B")
        for kind, key, start in self._written():
            words = self.plan.entity_kinds[kind].words
            yield f"{kind}:{key}", memory[8 * start : 8 * (start + words)].tobytes()

    def state_count(self) -> int:
        return sum(1 for _ in self._written())

    def _written(self) -> Iterator[tuple[int, str, int]]:
        """(kind, key, first word) of every state that an item was applied to."""
        reads_alone = len(self.plan.key_kinds) > len(self.plan.entity_kinds)
        for kind, index in enumerate(self._index):
            for key, start in index.items():
                if not reads_alone or self._words[start + op.SEQ]:
                    yield kind, key, start

    def too_late(self) -> NDArray[np.int64]:
        """Per state, kind by kind: the number of items that were too late for all their rings."""
        starts = np.fromiter(chain.from_iterable(index.values() for index in self._index), dtype=np.int64)
        return self._words[starts + op.TOO_LATE]

    def kind_of_states(self) -> NDArray[np.int64]:
        """The kind index of each state, in the order of `too_late`."""
        return np.repeat(np.arange(len(self._index)), [len(index) for index in self._index])

    def _starts(self, kind: int, column: KeyColumn) -> NDArray[np.int64]:
        index = self._index[kind]
        new = [key for key in column.uniques if key not in index]
        if new and self.closed:
            raise StateNotLoaded(f"{kind}:{new[0]}")
        self._add(kind, new)
        return np.array([*map(index.__getitem__, column.uniques), -1], dtype=np.int64)

    def _add(self, kind: int, keys: Sequence[str]) -> None:
        if keys:
            template = self.plan.templates[kind]
            self._room(kind, keys).reshape(-1, len(template))[:] = template

    def _room(self, kind: int, keys: Sequence[str]) -> NDArray[np.int64]:
        """The words for the states of new keys of one kind, to be filled."""
        size, start = len(self.plan.templates[kind]), self._used
        end = start + len(keys) * size
        if end > len(self._words):
            grown = np.zeros(max(end, 2 * len(self._words)), dtype=np.int64)
            grown[:start] = self._words[:start]
            self._words = grown
        self._index[kind].update(zip(keys, range(start, end, size), strict=True))
        self._used = end
        return self._words[start:end]

    def _load(self, kind: int, states: Mapping[str, bytes | None]) -> None:
        """Add states of one kind, by key. Raises StateLayoutMismatch."""
        template = self.plan.templates[kind].astype("<i8", copy=False).tobytes()
        for key, blob in states.items():
            if blob is not None and len(blob) != len(template):
                raise StateLayoutMismatch(f"{kind}:{key}", expected=len(template), found=len(blob))
        loaded = b"".join([template if blob is None else blob for blob in states.values()])
        self._room(kind, list(states))[:] = np.frombuffer(loaded, dtype="<i8")
