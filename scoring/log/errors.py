"""Errors of this room. Each says what happened and carries the record it concerns."""

from collections.abc import Sequence

from scoring.errors import ScoringError


class StreamConflict(ScoringError):
    """A stream is not at the version its writer expected: another writer came first, or one is missing."""

    def __init__(self, stream: str, expected_version: int) -> None:
        super().__init__(f"stream {stream!r} is not at version {expected_version}")
        self.stream = stream
        self.expected_version = expected_version


class EntryNotFound(ScoringError):
    """The log has no entry at a requested position."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the log has no entry at position {position}")
        self.position = position


class UnknownSchemaVersion(ScoringError):
    """An entry was written in a schema version that this code cannot upcast."""

    def __init__(self, entry_type: str, stream: str, version: int) -> None:
        super().__init__(
            f"{entry_type} in stream {stream!r}: schema version {version} cannot be read by this code"
        )
        self.entry_type = entry_type
        self.stream = stream
        self.version = version


class LogAheadOfCluster(ScoringError):
    """The log holds transaction ids that this cluster has not reached: a dump of another cluster."""

    def __init__(self, txid: int, next_txid: int) -> None:
        super().__init__(
            f"the log holds transaction id {txid}, but this database cluster has only reached {next_txid}:"
            " the log was restored from another cluster. Stop every writer and run `manage.py begin_epoch`"
            " once."
        )
        self.txid = txid
        self.next_txid = next_txid


class UnknownProjection(ScoringError):
    """No projection of this name is registered; `known` lists the registered ones."""

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        super().__init__(f"there is no projection {name!r}; there are {', '.join(known)}")
        self.name = name
        self.known = tuple(known)


class ConsumerNotRebuildable(ScoringError):
    """The effect of a consumer cannot be undone, so it cannot start again from the beginning of the log."""

    def __init__(self, consumer: str) -> None:
        super().__init__(f"consumer {consumer!r} cannot be rebuilt: its effect cannot be undone")
        self.consumer = consumer


class ConsumerStopped(ScoringError):
    """A consumer could not handle an entry. It stays before that entry and tries it again on its next run.

    `position` is None when the entry could not even be read.
    """

    def __init__(self, consumer: str, position: int | None, error: str) -> None:
        super().__init__(f"consumer {consumer!r} stopped before position {position}: {error}")
        self.consumer = consumer
        self.position = position
        self.error = error
