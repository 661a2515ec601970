"""How every command ends: its exit code, and its result as JSON."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from django.core.management.base import CommandError

from scoring.errors import ScoringError
from scoring.learning.errors import GateFailed, NoEventsToEvaluate, NotEnoughToTrain, NothingToRollBackTo

DONE, FAILED, BAD_ARGUMENTS, ANSWER_IS_NO = 0, 1, 2, 3

# Errors that answer the question that the command asks, rather than failures to ask it.
ANSWERS = (GateFailed, NoEventsToEvaluate, NothingToRollBackTo, NotEnoughToTrain)


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
    """What a command raises for an error of a service: ANSWER_IS_NO for one of ANSWERS, else FAILED."""
    return CommandError(str(error), returncode=ANSWER_IS_NO if isinstance(error, ANSWERS) else FAILED)
