"""Limits on the size, speed and duration of requests and connections; see docs/how-to/operate.md."""

MAX_HEAD_BYTES = 64 * 1024  # request line and headers
MAX_HEADERS = 200
MAX_PIPELINED = 16  # requests that a client may send before it has the earlier responses
HEAD_SECONDS = 10.0  # from the first byte of a request to the end of its headers
IDLE_SECONDS = 75.0  # between requests; matches nginx's keep-alive, so that a proxy closes first
FIRST_BYTE_SECONDS = 10.0  # from a new connection to its first byte

# A request body or a response may take the grace period; after it, it must move at this rate. A slow
# connection passes, a silent one does not.
GRACE_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 20_000

SMALL_BYTES = 64 * 1024  # smaller bodies are not counted
# For larger bodies, the bytes that may be received but unanswered, and those that may be in processing.
# Parsed JSON takes more than ten times the memory of its text.
MAX_RECEIVED_BYTES, MAX_PROCESSING_BYTES = 64 * 2**20, 16 * 2**20
MAX_SPOOLED_BYTES = 1 << 30  # of bodies that are kept in files until they are answered
PROCESSING_WAIT_SECONDS = 10.0  # until the processing of a large body begins

# What the client may still send after its request was refused, so that it gets to read the response.
MAX_DRAINED_BYTES, DRAIN_SECONDS = 64 * 2**20, 5.0

MAX_CONNECTIONS = 4_096  # per process; beyond it the longest-idle connection is closed
MAX_WAITING_REQUESTS = 1_024  # for a thread; beyond it requests get a 503
STOP_SECONDS = 15.0  # for requests in progress when the server stops
STOP_IDLE_SECONDS = 1.0  # before idle connections are closed then: a request may be on its way


def seconds_for(size: int) -> float:
    """The time allowed for transferring `size` bytes."""
    return GRACE_SECONDS + size / MIN_BYTES_PER_SECOND
