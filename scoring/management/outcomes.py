"""How every command ends: its exit code, and its result as JSON."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from django.core.management.base import CommandError

from scoring.batch.errors import UnknownBatchView
from scoring.batch.risk.errors import UnknownRiskView
from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.errors import ScoringError
from scoring.ingest.errors import InvalidMapping, NoSuchImport
from scoring.learning.errors import (
    AlreadyJudged,
    EventTypeOfOtherModel,
    FeaturesNotBackfilled,
    GateFailed,
    InvalidSliceField,
    InvalidTraining,
    LeakageSuspected,
    ModelNotPromotable,
    NoEventsToEvaluate,
    NoModelYet,
    NotEnoughToTrain,
    NothingToRollBackTo,
    ServedValuesDiffer,
)
from scoring.log.errors import UnknownProjection
from scoring.registry.errors import UnknownModel

DONE, FAILED, BAD_ARGUMENTS, ANSWER_IS_NO = 0, 1, 2, 3

# Errors that answer what the command asks, rather than failures to ask it.
ANSWERS = (
    AlreadyJudged,
    FeaturesNotBackfilled,
    GateFailed,
    LeakageSuspected,
    ServedValuesDiffer,
    ModelNotPromotable,
    NoEventsToEvaluate,
    NoModelYet,
    NotEnoughToTrain,
    NothingToRollBackTo,
)
# Errors of what the caller stated.
ARGUMENTS = (
    EventTypeNotScored,
    EventTypeOfOtherModel,
    InvalidMapping,
    InvalidSliceField,
    InvalidTraining,
    NoSuchImport,
    UnknownBatchView,
    UnknownEventType,
    UnknownModel,
    UnknownProjection,
    UnknownRiskView,
)


class Output(Protocol):
    """Where a command prints."""

    def write(self, msg: str) -> Any:
        """Print a line."""


def add_json_option(parser: Any) -> None:
    """The option `--json` of a command that prints its result."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def write_json(out: Output, values: Mapping[str, Any]) -> None:
    """Print a result as one JSON document."""
    out.write(orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())


def bad_argument(message: str) -> CommandError:
    """The error of arguments that do not fit together; those that do not parse are refused by the parser."""
    return CommandError(message, returncode=BAD_ARGUMENTS)


def answer_is_no(message: str) -> CommandError:
    """The error of a command that ran, and whose answer is no."""
    return CommandError(message, returncode=ANSWER_IS_NO)


def as_command_error(error: ScoringError | OSError) -> CommandError:
    """What a command raises for an error of a service, with the exit code of its kind."""
    if isinstance(error, ANSWERS):
        return answer_is_no(str(error))
    return bad_argument(str(error)) if isinstance(error, ARGUMENTS) else CommandError(str(error))
