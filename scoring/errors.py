"""Domain errors of scoring. Each says what happened and carries the record it concerns.

They become HTTP responses once, in `config.errors`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class ScoringError(Exception):
    """Base of everything scoring refuses to do."""


class PayloadConflict(ScoringError):
    """An id was submitted again with another payload; `fields` are the names in which the two differ."""

    def __init__(self, stream: str, fields: Sequence[str]) -> None:
        self.stream = stream
        self.fields = tuple(fields)
        super().__init__(
            f"{stream} was received before with another payload; these fields differ:"
            f" {', '.join(self.fields)}"
        )


class EventNotFound(ScoringError):
    """No event of this stream was received."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"no event {stream} was received")


class RequestProblem(NamedTuple):
    """What is wrong with one field of a request, and what would be right."""

    field: str
    problem: str
    allowed: object = None


class InvalidRequest(ScoringError):
    """A request that is not what the endpoint takes; `problems` say where and what is allowed instead."""

    def __init__(self, problems: Sequence[RequestProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{field}: {problem}" for field, problem, _ in self.problems))


class InvalidKeyRequest(ScoringError):
    """An API key asked for with a source or a scope that cannot be."""

    def __init__(self, *, field: str, value: str, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(f"{field} {value!r} is not possible; allowed: {allowed}")


class ApiKeyNotFound(ScoringError):
    """No API key has this prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(f"no API key begins with {prefix!r}")


class ApiKeyAlreadyRevoked(ScoringError):
    """The API key was revoked before."""

    def __init__(self, prefix: str, revoked_at: datetime) -> None:
        self.prefix, self.revoked_at = prefix, revoked_at
        super().__init__(f"the API key {prefix} was revoked at {revoked_at.isoformat()}")


class NotEnoughHistory(ScoringError):
    """The matured events span too short a time to be cut into slices."""

    def __init__(self, *, days: float, needed: float) -> None:
        super().__init__(
            f"matured events span {days:.1f} days, training needs at least {needed:.0f}. "
            "Bring older history (manage.py ingest --history), or train later (--as-of)."
        )
        self.days, self.needed = days, needed


class NotEnoughPositives(ScoringError):
    """A slice of the training set holds too few positives to learn or to judge from."""

    def __init__(self, *, event_type: str, slice_name: str, found: int, needed: int) -> None:
        super().__init__(
            f"{event_type}: the {slice_name} slice holds {found} matured positives,"
            f" at least {needed} are needed. "
            "Record more labels, or choose a later --as-of."
        )
        self.event_type, self.slice_name, self.found, self.needed = event_type, slice_name, found, needed


class ArtefactCorrupt(ScoringError):
    """The stored bytes of a model do not have the checksum they are named by."""

    def __init__(self, *, digest: str, actual: str) -> None:
        super().__init__(f"artefact {digest} is corrupt: its bytes have the checksum {actual}")
        self.digest, self.actual = digest, actual


class ArtefactMissing(ArtefactCorrupt):
    """A model version is known, but its bytes are not stored."""

    def __init__(self, *, digest: str) -> None:
        ScoringError.__init__(self, f"artefact {digest} is not stored: restore it from a backup")
        self.digest, self.actual = digest, ""


class UnknownModel(ScoringError):
    """No model version has this name."""

    def __init__(self, *, name: str, known: list[str]) -> None:
        names = ", ".join(known) or "none, train one first"
        super().__init__(f"no model is called {name!r}; there are: {names}")
        self.name, self.known = name, known


class ModelNotPromotable(ScoringError):
    """The model must not decide: what it was trained for, or the code it needs, forbids it."""

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(f"{name} cannot be promoted: {reason}")
        self.name, self.reason = name, reason


class LabelNotFound(ScoringError):
    """A retraction of a label that this source never recorded."""

    def __init__(self, event_stream: str, label_source: str) -> None:
        super().__init__(f"{label_source} has recorded no label of {event_stream}")
        self.event_stream = event_stream
        self.label_source = label_source


class InvalidRoute(ScoringError):
    """Arms that cannot route an event type."""

    def __init__(self, event_type: str, problem: str) -> None:
        super().__init__(f"route of {event_type}: {problem}")
        self.event_type = event_type
        self.problem = problem


class StaleOnlineState(ScoringError):
    """Redis does not reflect what the lane's holder believes; the states are to be restored from the log."""

    def __init__(self, lane: str, expected: str, found: str | None) -> None:
        super().__init__(f"online state of lane {lane} is at {found!r}, not at {expected!r}")
        self.lane = lane
        self.expected = expected
        self.found = found


class HistoryOlderThanLane(ScoringError):
    """History that begins before what its lane has already applied: folding it in now would be late."""

    def __init__(self, lane: str, events: int, earliest: str, clock: str) -> None:
        super().__init__(
            f"the history is in the log, but {events} of its events (the earliest of {earliest}) are older"
            f" than what lane {lane} has applied (up to {clock}). Run `manage.py rebuild --online` to give"
            " all of it its place in one new order"
        )
        self.lane = lane
        self.events = events


class MissingScope(ScoringError):
    """The API key may not do this; `scope` is what it would need."""

    def __init__(self, *, scope: str, held: Sequence[str]) -> None:
        self.scope, self.held = scope, tuple(held)
        super().__init__(f"this needs the scope {scope}; the key has {', '.join(self.held) or 'none'}")


class MalformedJson(ScoringError):
    """A request body that is not JSON; `line` and `column` count from 1, `position` (characters) from 0."""

    def __init__(self, *, problem: str, line: int, column: int, position: int) -> None:
        self.line, self.column, self.position = line, column, position
        super().__init__(f"{problem} at line {line}, column {column}")


class RequestTooLarge(ScoringError):
    """A request body of more bytes than are taken at once."""

    def __init__(self, *, size: int, limit: int) -> None:
        self.size, self.limit = size, limit
        super().__init__(f"the body has {size} bytes; at most {limit} are taken in one request")


class StreamConflict(ScoringError):
    """A stream is not at the version its writer expected: somebody else wrote first, or one is missing."""

    def __init__(self, stream: str, expected_version: int) -> None:
        super().__init__(f"stream {stream!r} is not at version {expected_version}")
        self.stream = stream
        self.expected_version = expected_version


class UnknownProjection(ScoringError):
    """No projection of this name is registered; `known` are those that are."""

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        super().__init__(f"there is no projection {name!r}; there are {', '.join(known)}")
        self.name = name
        self.known = tuple(known)


class EntryNotFound(ScoringError):
    """The log holds no entry at a position that was asked for."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the log has no entry at position {position}")
        self.position = position


class UnknownSchemaVersion(ScoringError):
    """An entry was written in a schema version that this code cannot lift to its own."""

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


class InvalidMapping(ScoringError):
    """The mapping of an import names what is not there; `problems` say what and what is allowed instead."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class UnreadableImport(ScoringError):
    """A file or frame that cannot be read as a table of rows."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"{name} cannot be imported: {problem}")


class CatalogError(ScoringError):
    """An event type is declared wrongly. Carries where: `module` and `line` of the declaration."""

    def __init__(self, problem: str, *, module: str, line: int) -> None:
        super().__init__(f"{module}, line {line}: {problem}")
        self.problem = problem
        self.module = module
        self.line = line


class UnknownEventType(ScoringError):
    """No event type of this name is declared. Carries the `name` and the `known` names."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown event type {name!r}; known: {', '.join(known)}")
        self.name = name
        self.known = known


class UnknownLane(ScoringError):
    """No event type lives in this lane. Carries the `lane` and the `known` lanes."""

    def __init__(self, lane: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown lane {lane!r}; known: {', '.join(known)}")
        self.lane = lane
        self.known = known


class FieldError(ScoringError):
    """A raw value does not fit its field. Carries the `problem` and, where it helps, what is `allowed`."""

    def __init__(self, problem: str, allowed: object = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.allowed = allowed


class InvalidEvent(ScoringError):
    """A payload that its event type refuses. `problems` lists (field, problem, allowed)."""

    def __init__(self, event_type: str, problems: list[tuple[str, str, object]]) -> None:
        listed = "; ".join(f"{name}: {text}" for name, text, _ in problems)
        super().__init__(f"invalid {event_type}: {listed}")
        self.event_type = event_type
        self.problems = problems


class StateLayoutMismatch(ScoringError):
    """A stored entity state has another layout. Carries the state's `key` and both sizes in bytes."""

    def __init__(self, key: str, *, expected: int, found: int) -> None:
        super().__init__(f"state {key!r} has {found} bytes where the layout has {expected}")
        self.key = key
        self.expected = expected
        self.found = found


class StateNotLoaded(ScoringError):
    """An item needs the state of an entity that the arena was not given. Carries the state's `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"state {key!r} was not loaded into the arena")
        self.key = key


class FeatureSetMissing(ScoringError):
    """A model that has an arm needs a feature set that this code does not declare."""

    def __init__(self, model: str, *, needed: str, number: int | None) -> None:
        super().__init__(
            f"model {model} was trained on feature set {number or needed[:12]}, which this code does not"
            " declare: name it in earlier_features of its event type, or promote another model first"
        )
        self.model, self.needed, self.number = model, needed, number


class VectorOfOtherFeatures(ScoringError):
    """An event cannot be scored again by a model whose features no decision on it has logged."""

    def __init__(self, stream: str, *, model: str, needed: str) -> None:
        super().__init__(
            f"no decision on {stream} logged the values of feature set {needed[:12]}, which {model} needs:"
            " its decision stands"
        )
        self.stream, self.model, self.needed = stream, model, needed


class ImportAlreadyRunning(ScoringError):
    """Another process is at the same import (same content, same mapping)."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        super().__init__(f"{stream} is being imported by another process; wait for it or stop it")


class NoEventsToJudge(ScoringError):
    """The asked stretch of time holds no mature events, or none of them is positive."""

    def __init__(self, *, event_type: str, since: str, until: str, rows: int) -> None:
        super().__init__(
            f"{event_type}: of the {rows} mature events from {since} to {until} none is labelled positive, "
            "so nothing can be judged. Choose an earlier stretch, or wait until labels have matured."
        )
        self.event_type, self.since, self.until, self.rows = event_type, since, until, rows


class ModelFailed(ScoringError):
    """A model that was loaded could not score: its `problem` is what it raised, or what it gave instead."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(f"model {model} could not score: {problem}")
        self.model, self.problem = model, problem


class GateFailed(ScoringError):
    """A model that has not passed its automatic checks cannot be approved. `failed`: their names."""

    def __init__(self, *, name: str, failed: list[str]) -> None:
        super().__init__(f"{name} cannot be approved: it failed {', '.join(failed)}")
        self.name, self.failed = name, failed


class OwnModel(ScoringError):
    """Who had a model trained does not approve it."""

    def __init__(self, *, name: str, actor: str) -> None:
        super().__init__(f"{name} was trained for {actor}; somebody else has to approve it")
        self.name, self.actor = name, actor


class AlreadyJudged(ScoringError):
    """A model is approved or rejected once; `status` says which it was."""

    def __init__(self, *, name: str, status: str, judged_by: str) -> None:
        super().__init__(f"{name} was {status} by {judged_by}, which is final; train another version")
        self.name, self.status, self.judged_by = name, status, judged_by


class NoteRequired(ScoringError):
    """A judgement that somebody will ask about needs a reason in words."""

    def __init__(self, *, name: str, judgement: str) -> None:
        super().__init__(f"say why {name} is to be {judgement}: a note is needed")
        self.name, self.judgement = name, judgement


class NotApproved(ScoringError):
    """Only an approved model may be given traffic or scored in the shadow."""

    def __init__(self, *, name: str, status: str) -> None:
        super().__init__(
            f"{name} is {status}, and only an approved model may be put to work: approve it first"
        )
        self.name, self.status = name, status


class NothingToRollBackTo(ScoringError):
    """No other model was champion of this event type before the present one."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"no other model decided {event_type} before; promote one instead")
        self.event_type = event_type


class UnknownTraining(ScoringError):
    """No training has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no training {number}")
        self.number = number


class TrainingNotPossible(ScoringError):
    """A training in this state does not take this step (a finished one cannot be cancelled)."""

    def __init__(self, *, number: int, state: str, step: str) -> None:
        super().__init__(f"training {number} is {state} and cannot be {step}")
        self.number, self.state, self.step = number, state, step


class TrainingCancelled(ScoringError):
    """Somebody asked for this training to stop."""

    def __init__(self, *, number: int, actor: str) -> None:
        super().__init__(f"training {number} was cancelled by {actor}")
        self.number, self.actor = number, actor


class ExportUnderWay(ScoringError):
    """Another process is exporting the log."""

    def __init__(self, url: str) -> None:
        super().__init__(f"another process is exporting the log to {url}; it does the work of this run too")
        self.url = url


class OfflineStoreOfAnotherLog(ScoringError):
    """The offline store was exported up to an entry that this log does not have."""

    def __init__(self, *, url: str, position: int) -> None:
        super().__init__(
            f"the offline store at {url} was exported from another log (this one has no such entry at"
            f" {position}): set ASSAY_OFFLINE_URL to a place of its own, or replace what is there with"
            " `manage.py export --anew`"
        )
        self.url, self.position = url, position


class OfflineFormatUnknown(ScoringError):
    """The offline store was written by code that lays it out differently."""

    def __init__(self, *, url: str, manifest: str) -> None:
        super().__init__(
            f"{manifest} of the offline store at {url} has another format than this code writes: replace the"
            " store with `manage.py export --anew`, or use the code that wrote it"
        )
        self.url, self.manifest = url, manifest


class RebuildUnderWay(ScoringError):
    """Another process is rebuilding the lane's online states."""

    def __init__(self, lane: str) -> None:
        super().__init__(f"another process is rebuilding the online states of lane {lane}; let it finish")
        self.lane = lane


class UnknownBatchView(ScoringError):
    """No event type declares this batch view."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no batch view {name!r}; there are: {', '.join(known) or 'none'}")
        self.name, self.known = name, known


class BatchVersionCorrupt(ScoringError):
    """The stored values of a version of a batch view are missing or not those that were published."""

    def __init__(self, *, view: str, number: int, url: str, problem: str) -> None:
        super().__init__(
            f"version {number} of {view} cannot be read from {url}: {problem}. Bring the file back from a"
            " backup; the events that read the next version are not affected"
        )
        self.view, self.number, self.url, self.problem = view, number, url, problem


class PublishingUnderWay(ScoringError):
    """Another process is publishing batch views."""

    def __init__(self) -> None:
        super().__init__("another process is publishing batch views; it does the work of this run too")


class SchedulerUnreachable(ScoringError):
    """The Dask cluster that the settings name cannot be asked."""

    def __init__(self, scheduler: str, reason: str) -> None:
        super().__init__(
            f"no Dask scheduler answers at DASK_SCHEDULER={scheduler!r} ({reason}): give its address, such as"
            " tcp://10.0.0.1:8786, or local:4 for four processes of this machine; empty: threads of this one"
        )
        self.scheduler = scheduler


class FeaturesNotBackfilled(ScoringError):
    """The online states do not hold yet what the features of a model read."""

    def __init__(self, *, name: str, lane: str) -> None:
        super().__init__(
            f"the online states of lane {lane} do not hold yet what the features of {name} read, or Redis"
            " cannot be asked: run `manage.py rebuild --online`, or let a worker of this code take the lane,"
            " and promote it then"
        )
        self.name, self.lane = name, lane


class UnknownBatchValue(CatalogError, AttributeError):
    """A declaration reads a value that the batch view does not have; also what `hasattr` has to see."""


class LaneBehind(ScoringError):
    """A lane has so much queued that it takes no more for now. `wait`: seconds until it will have room."""

    def __init__(self, *, lane: str, queued: int, limit: int, wait: int) -> None:
        super().__init__(
            f"lane {lane} has {queued:,} events queued, and takes more below {limit:,}: send this again in"
            f" {wait} s"
        )
        self.lane, self.queued, self.limit, self.wait = lane, queued, limit, wait


class OrderIncomplete(ScoringError):
    """A new order of a lane would leave out what it has applied, for the tables do not have it."""

    def __init__(self, *, lane: str, applied: int, missing: int) -> None:
        super().__init__(
            f"{missing:,} of the {applied:,} entries that lane {lane} has applied are in no table of events"
            " or labels: run `manage.py rebuild --projection event --projection label` first"
        )
        self.lane, self.applied, self.missing = lane, applied, missing
