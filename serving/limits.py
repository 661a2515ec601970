"""What a client may send, how fast, and for how long; see docs/how-to/operate.md."""

HEAD_BYTES = 64 * 1024  # request line and headers
HEADERS = 200
PIPELINED = 16  # requests that a client may send ahead of their answers
HEAD_SECONDS = 10.0  # from the first byte of a request to the last of its headers
IDLE_SECONDS = 75.0  # between requests; nginx's keep-alive, so that a proxy is the first to close
FIRST_SECONDS = 10.0  # until a new connection sends anything

# A body, and an answer on its way, have the grace and, beyond it, must move at this rate: a slow line passes,
# a silent one does not.
GRACE_SECONDS = 10.0
MIN_BYTES_PER_SECOND = 20_000

SMALL_BYTES = 64 * 1024  # a body up to this is not counted
# Of larger bodies: how much may have arrived and be unanswered, and how much of it may be in work. Parsed
# JSON takes more than ten times the memory of its text.
ARRIVED_BYTES, WORKED_BYTES = 64 * 2**20, 16 * 2**20
WAIT_SECONDS = 10.0  # of a large body, for work to begin

# What the sender of a refused request may still send, so that it comes to read the answer.
DRAINED_BYTES, DRAIN_SECONDS = 64 * 2**20, 5.0

CONNECTIONS = 4_096  # of a process; beyond it the one that has been idle longest is closed
WAITING_REQUESTS = 1_024  # for a thread; beyond it requests are answered 503
STOP_SECONDS = 15.0  # for requests in work when the server stops
STOP_IDLE_SECONDS = 1.0  # of idle connections then: a request may be on its way


def seconds_for(size: int) -> float:
    """How long `size` bytes may take."""
    return GRACE_SECONDS + size / MIN_BYTES_PER_SECOND
