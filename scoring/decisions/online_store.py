"""Entity states in Redis: a projection of the lane's order, read and written whole batches at a time.

Beside the states stands one cursor, `{seq}:{log position of the lane.sequenced}`. A write names the cursor it
builds upon and is refused when another one is found, so neither a redelivered batch nor a holder that lost
its lane can apply anything twice. The keys carry the hash of the state layout: code with another layout
starts from the log.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import cast

from scoring.decisions import connections
from scoring.errors import StaleOnlineState

STATES_A_WRITE = 2_000

# KEYS: cursor, states...; ARGV: expected cursor ("" for none), next cursor, states...
COMPARE_AND_SET = """
local found = redis.call('GET', KEYS[1]) or ''
if found ~= ARGV[1] then return found end
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[2])
return false
"""


class OnlineStore:
    """The states of one lane in one layout."""

    def __init__(self, lane: str, layout_id: str) -> None:
        self.lane = lane
        # Braces: in a Redis Cluster all keys of a lane share a slot, which the script below needs.
        self.prefix = f"assay:{{{lane}}}:{layout_id[:12]}:"
        self._cursor_key = f"{self.prefix}cursor"
        self._script = connections.client().register_script(COMPARE_AND_SET)

    def cursor(self) -> str | None:
        """The cursor, or None when there are no states."""
        return _text(connections.client().get(self._cursor_key))

    def read(self, suffixes: Sequence[str], *, expected: str) -> dict[str, bytes | None]:
        """States by key suffix, None for new entities. Raises StaleOnlineState at another cursor."""
        found, *states = connections.client().mget(
            [self._cursor_key, *(self._key(suffix) for suffix in suffixes)]
        )
        if _text(found) != expected:
            raise StaleOnlineState(self.lane, expected, _text(found))
        return dict(zip(suffixes, cast("list[bytes | None]", states), strict=True))

    def write(self, states: Mapping[str, bytes], *, expected: str, cursor: str) -> None:
        """Replace states and move the cursor on, all or nothing. Raises StaleOnlineState."""
        keys = [self._cursor_key, *(self._key(suffix) for suffix in states)]
        found = self._script(keys=keys, args=[expected, cursor, *states.values()])
        if found is not None:
            raise StaleOnlineState(self.lane, expected, found.decode())

    def replace(self, states: Iterable[tuple[str, bytes]], *, expected: str, cursor: str, token: str) -> None:
        """Write more states than fit one script.

        While it lasts the cursor is `token`, which no reader accepts; an interrupted replacement therefore
        ends in a restore from the log's beginning, never in a mixture.
        """
        pieces = iter(states)
        self.write({}, expected=expected, cursor=token)
        while piece := dict(islice(pieces, STATES_A_WRITE)):
            self.write(piece, expected=token, cursor=token)
        self.write({}, expected=token, cursor=cursor)

    def clear(self, *, token: str) -> None:
        """Remove every state of this lane and layout and leave `token` as the cursor."""
        client = connections.client()
        client.set(self._cursor_key, token)
        stale = client.scan_iter(match=f"{_escape(self.prefix)}s:*", count=STATES_A_WRITE)
        while keys := list(islice(stale, STATES_A_WRITE)):
            client.unlink(*keys)

    def states(self) -> dict[str, bytes]:
        """Every state by key suffix; for comparison and measurement."""
        client = connections.client()
        keys = list(client.scan_iter(match=f"{_escape(self.prefix)}s:*", count=STATES_A_WRITE))
        values = cast("list[bytes]", client.mget(keys) if keys else [])
        start = len(self.prefix) + 2
        return {key.decode()[start:]: value for key, value in zip(keys, values, strict=True)}

    def _key(self, suffix: str) -> str:
        return f"{self.prefix}s:{suffix}"


def _text(raw: bytes | str | None) -> str | None:
    return raw.decode() if isinstance(raw, bytes) else raw


def _escape(pattern: str) -> str:
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in pattern)
