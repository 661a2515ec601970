"""The id of the HTTP request under way, for its log lines and the entries that it appends."""

from contextvars import ContextVar

METADATA_KEY = "request_id"  # in the metadata of entries

# "" outside of requests: in workers and commands.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_metadata() -> dict[str, str]:
    """The metadata of an entry that the request under way appends; {} outside of requests."""
    current = request_id.get()
    return {METADATA_KEY: current} if current else {}
