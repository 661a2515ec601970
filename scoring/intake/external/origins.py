"""How an external signal came about, as receipts record it."""

from dataclasses import dataclass
from typing import Any

from scoring.catalog.fields import Canonical

FETCHED, CACHED, KEPT, ABSENT = "fetched", "cached", "kept", "absent"
# Causes without a value. Those of a failed service count for its breaker.
NO_VALUE = "no_value"  # the service knows nothing
NOTHING_TO_SEND = "nothing_to_send"  # the event has none of the values
TIMEOUT = "timeout"
CONNECTION = "connection"
NOT_JSON = "not_json"
TOO_LARGE = "too_large"
INVALID = "invalid"  # not a value of the declared kind
ERROR = "error"  # an error of our own; the process's log has it
BREAKER_OPEN = "breaker_open"
NOT_ALLOWED = "not_allowed"  # by the settings
NO_SECRET = "no_secret"  # noqa: S105


def status_cause(status: int) -> str:
    """The cause of an answer with another status: "status_503"."""
    return f"status_{status}"


@dataclass(frozen=True, slots=True)
class SignalAnswer:
    """A value, or why there is none. `ms`: how long the service took, where it was asked."""

    origin: str
    value: Canonical | None = None
    cause: str = ""
    ms: float | None = None

    def logged(self) -> dict[str, Any]:
        """The answer without its value, which is logged among the signals."""
        known = {"origin": self.origin, "cause": self.cause or None, "ms": self.ms}
        return {name: value for name, value in known.items() if value is not None}


class ServiceFailed(Exception):
    """A service did not answer as declared. Carries the `cause`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause
