"""Errors of this room. Each says what happened and carries the record it concerns."""

from scoring.errors import ScoringError


class ExportUnderWay(ScoringError):
    """Another process is exporting the log."""

    def __init__(self, url: str) -> None:
        super().__init__(f"another process is already exporting the log to {url}")
        self.url = url


class OfflineStoreOfAnotherLog(ScoringError):
    """The offline store was exported up to an entry that this log does not have."""

    def __init__(self, *, url: str, position: int) -> None:
        super().__init__(
            f"the offline store at {url} was exported from another log (this one has no such entry at"
            f" {position}): set ASSAY_OFFLINE_URL to a place of its own, or replace its content with"
            " `manage.py export --anew`"
        )
        self.url, self.position = url, position


class OfflineFormatUnknown(ScoringError):
    """The offline store has the format of another code version."""

    def __init__(self, *, url: str, manifest: str) -> None:
        super().__init__(
            f"{manifest} of the offline store at {url} has a different format than this code writes: replace"
            " the store with `manage.py export --anew`, or use the code that wrote it"
        )
        self.url, self.manifest = url, manifest


class SchedulerUnreachable(ScoringError):
    """The Dask cluster in the settings is not reachable."""

    def __init__(self, scheduler: str, reason: str) -> None:
        super().__init__(
            f"no Dask scheduler answers at DASK_SCHEDULER={scheduler!r} ({reason}): set it to an address"
            " such as tcp://10.0.0.1:8786, to local:4 for four processes on this machine, or to nothing for"
            " threads of this process"
        )
        self.scheduler = scheduler
