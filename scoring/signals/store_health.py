"""Whether Redis accepts writes, and why not in words. It may refuse writes while it answers reads."""

from typing import NamedTuple

import redis

KEY, KEPT_MS = "assay:readiness", 10_000


class Refusal(NamedTuple):
    """Why writes are refused, and what to do about it."""

    why: str
    remedy: str


# By the code at the beginning of the server's error, or the client class for it.
REFUSALS = {
    "OOM": Refusal("its memory is full", "Raise maxmemory, or move it to a larger machine."),
    "MISCONF": Refusal("it cannot write to its disk", "Free space on its disk; its log says more."),
    "READONLY": Refusal("it is a read-only replica", "Point the address at the primary."),
    "NOREPLICAS": Refusal("it has fewer replicas than it needs", "Bring its replicas back."),
    "MASTERDOWN": Refusal("its primary is down", "Bring the primary back, or fail over."),
    "CLUSTERDOWN": Refusal("its cluster is down", "Bring the cluster's nodes back."),
    "LOADING": Refusal("it is loading its data", "Wait until it has finished."),
    "NOPERM": Refusal(
        "its user lacks permission to write", "Grant the user the commands and keys that Assay needs."
    ),
}
CODES: tuple[tuple[type[redis.RedisError], str], ...] = (
    (redis.exceptions.OutOfMemoryError, "OOM"),
    (redis.exceptions.ReadOnlyError, "READONLY"),
    (redis.exceptions.BusyLoadingError, "LOADING"),
    (redis.exceptions.NoPermissionError, "NOPERM"),
    (redis.exceptions.MasterDownError, "MASTERDOWN"),
    (redis.exceptions.ClusterDownError, "CLUSTERDOWN"),
)


def refused_write(client: redis.Redis) -> Refusal | None:
    """Write a key; returns why that was refused, or None. Raises redis.RedisError without an answer."""
    try:
        client.set(KEY, "1", px=KEPT_MS)
    except (redis.ResponseError, redis.exceptions.BusyLoadingError) as error:
        return refusal_of(error)
    return None


def refusal_of(error: redis.RedisError) -> Refusal:
    """The meaning of a server error."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), str(error).split(" ", 1)[0])
    return REFUSALS.get(code) or Refusal(f"it says “{error}”", "See its log.")
