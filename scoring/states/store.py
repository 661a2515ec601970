"""Entity states in Redis: a projection of the lane's order, read and written whole batches at a time.

    assay:{commerce}:3f1c9a0b2d4e:generation               the present generation
    assay:{commerce}:3f1c9a0b2d4e:g8c21f0a9:cursor         the cursor of its states
    assay:{commerce}:3f1c9a0b2d4e:g8c21f0a9:s:0:C-17       one entity's state

A generation is a complete set of states. A new one is filled next to the present one, and one write switches
to it. Each generation has a cursor, `{seq}:{log position of the lane.sequenced}`. Every read names the cursor
that it expects and every write the one that it builds on; both are refused at any other cursor. So neither a
redelivered batch, nor a holder that has lost its lane, nor one that does not know the new generation can read
or apply anything wrong. The keys contain the hash of the state layout: code with another layout starts from
the log.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar, cast

from scoring.signals import redis_connections as connections
from scoring.states.errors import StaleOnlineState

# A script of this many states blocks Redis, and with it every lane, for about a millisecond.
STATES_A_WRITE = 500
KEYS_A_READ = 2_000
LAYOUT_DIGITS = 12

Progress = Callable[[int], None]
T = TypeVar("T")

# KEYS: cursor, states...; ARGV: expected cursor ("" for none), next cursor, states...
COMPARE_AND_SET = """
local found = redis.call('GET', KEYS[1]) or ''
if found ~= ARGV[1] then return found end
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[2])
return false
"""

# KEYS: pointer, cursor of the next generation, cursor of the one before (absent without one)
# ARGV: the generation before ("" for none), the next one, its expected cursor, its new cursor
SWITCH = """
local present = redis.call('GET', KEYS[1]) or ''
if present ~= ARGV[1] then return 'generation ' .. present end
local found = redis.call('GET', KEYS[2]) or ''
if found ~= ARGV[3] then return found end
redis.call('SET', KEYS[2], ARGV[4])
redis.call('SET', KEYS[1], ARGV[2])
if KEYS[3] then redis.call('SET', KEYS[3], 'retired') end
return false
"""

# KEYS: pointer, cursor; ARGV: the generation, the cursor prefix of generations to keep
CONDEMN = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
local found = redis.call('GET', KEYS[2]) or ''
if ARGV[2] ~= '' and string.sub(found, 1, #ARGV[2]) == ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
return 1
"""


class ScriptCall(NamedTuple):
    """A script for Redis to run, with the keys it reads."""

    text: str
    keys: Sequence[str]
    arguments: Sequence[str | bytes | int]


class Look(NamedTuple):
    """States by key suffix, None for new entities; their cursor; the reply of a script, if any."""

    cursor: str | None
    states: dict[str, bytes | None]
    reply: Any


class Generation:
    """One complete set of states, with its cursor."""

    def __init__(self, lane: str, prefix: str, name: str) -> None:
        self.lane = lane
        self.name = name
        self.cursor_key = f"{prefix}g{name}:cursor"
        self._states = f"{prefix}g{name}:s:"
        self._script = connections.client().register_script(COMPARE_AND_SET)

    def cursor(self) -> str | None:
        """The cursor, or None when there are no states."""
        return _text(connections.client().get(self.cursor_key))

    def read(self, suffixes: Sequence[str], *, expected: str) -> dict[str, bytes | None]:
        """States by key suffix, None for new entities. Raises StaleOnlineState at another cursor."""
        look = self.look(suffixes, None)
        if look.cursor != expected:
            raise StaleOnlineState(self.lane, expected, look.cursor)
        return look.states

    def look(self, suffixes: Sequence[str], script: ScriptCall | None) -> Look:
        """The states at any cursor, and the reply of a script: one round trip."""
        reply = None
        if script is None:
            found = cast("list[bytes | None]", connections.client().mget(self._keys(suffixes)))
        else:
            with connections.client().pipeline(transaction=False) as pipe:
                pipe.mget(self._keys(suffixes))
                pipe.eval(script.text, len(script.keys), *script.keys, *script.arguments)
                found, reply = pipe.execute()
        cursor, *states = found
        return Look(_text(cursor), dict(zip(suffixes, states, strict=True)), reply)

    def write(self, states: Mapping[str, bytes], *, expected: str, cursor: str) -> None:
        """Replace states and advance the cursor, all or nothing. Raises StaleOnlineState."""
        keys = [self.cursor_key, *(self._states + suffix for suffix in states)]
        found = self._script(keys=keys, args=[expected, cursor, *states.values()])
        if found is not None:
            raise StaleOnlineState(self.lane, expected, found.decode())

    def _keys(self, suffixes: Sequence[str]) -> list[str]:
        return [self.cursor_key, *(self._states + suffix for suffix in suffixes)]

    def states(self) -> dict[str, bytes]:
        """All states by key suffix; for comparison and measurement."""
        client, found = connections.client(), dict[str, bytes]()
        for keys in _pieces(iter_keys(self._states), KEYS_A_READ):
            values = cast("list[bytes]", client.mget(keys))
            found.update(zip((key[len(self._states) :] for key in keys), values, strict=True))
        return found


class Filling:
    """A generation while it is written in several scripts.

    Meanwhile its cursor is a token that no reader accepts, and a new one after each script: a Redis that lost
    its last second refuses the next one. An interrupted filling never mixes with another.
    """

    def __init__(self, generation: Generation, *, kind: str, expected: str = "") -> None:
        self.generation = generation
        self._name, self._written = f"{kind}:{secrets.token_hex(8)}", 0
        generation.write({}, expected=expected, cursor=self.token)

    @property
    def token(self) -> str:
        return f"{self._name}:{self._written}"

    def read(self, suffixes: Sequence[str]) -> dict[str, bytes | None]:
        """States by key suffix, None for new entities. Raises StaleOnlineState."""
        found: dict[str, bytes | None] = {}
        for part in _pieces(suffixes, KEYS_A_READ):
            found.update(self.generation.read(part, expected=self.token))
        return found

    def write(self, states: Iterable[tuple[str, bytes]], *, progress: Progress | None = None) -> None:
        """Write states in several scripts. Raises StaleOnlineState."""
        for piece in _pieces(states, STATES_A_WRITE):
            before = self.token
            self._written += 1
            self.generation.write(dict(piece), expected=before, cursor=self.token)
            if progress:
                progress(len(piece))

    def finish(self, *, cursor: str) -> None:
        """Make the generation readable. Raises StaleOnlineState."""
        self.generation.write({}, expected=self.token, cursor=cursor)


class OnlineStore:
    """The states of one lane in one layout: its generations and the present one.

    `cursor` reads which one is present and remembers it. A retired generation refuses reads and writes, so a
    late process looks again, and none has to look before each batch.
    """

    def __init__(self, lane: str, layout_id: str) -> None:
        self.lane = lane
        # Braces: in a Redis Cluster all keys of a lane share a slot, which the scripts need.
        self.prefix = f"{lane_prefix(lane)}{layout_id[:LAYOUT_DIGITS]}:"
        self._pointer = f"{self.prefix}generation"
        self._present: Generation | None = None

    def cursor(self) -> str | None:
        """The cursor of the present generation, or None when there are no states."""
        self._present = self.present()
        return self._present.cursor() if self._present else None

    def present(self) -> Generation | None:
        """The present generation, as Redis has it now."""
        name = _text(connections.client().get(self._pointer))
        return self._generation(name) if name else None

    def read(self, suffixes: Sequence[str], *, expected: str) -> dict[str, bytes | None]:
        """States by key suffix, None for new entities. Raises StaleOnlineState at another cursor."""
        return self._known(expected).read(suffixes, expected=expected)

    def look(self, suffixes: Sequence[str], script: ScriptCall | None = None) -> Look:
        """States by key suffix with their cursor, and the reply of a script, in one round trip.

        Raises StaleOnlineState if no generation is known.
        """
        return self._known("").look(suffixes, script)

    def write(self, states: Mapping[str, bytes], *, expected: str, cursor: str) -> None:
        """Replace states and advance the cursor, all or nothing. Raises StaleOnlineState."""
        self._known(expected).write(states, expected=expected, cursor=cursor)

    def continue_present(self, *, kind: str, expected: str) -> Filling:
        """Write to the present generation in several scripts. Raises StaleOnlineState."""
        return Filling(self._known(expected), kind=kind, expected=expected)

    def begin(self, *, kind: str) -> Filling:
        """A new generation that is not read yet. `kind`: RESTORING or REBUILDING."""
        return Filling(self._generation(secrets.token_hex(4)), kind=kind)

    def switch(self, filling: Filling, *, cursor: str) -> None:
        """Make a filled generation the present one, with this cursor; the former one is retired.

        Raises StaleOnlineState if the filled generation has changed.
        """
        former, new = self.present(), filling.generation
        keys = [self._pointer, new.cursor_key, *([former.cursor_key] if former else [])]
        names = [former.name if former else "", new.name]
        script = connections.client().register_script(SWITCH)
        found = script(keys=keys, args=[*names, filling.token, cursor])
        if found is not None:
            raise StaleOnlineState(self.lane, filling.token, found.decode())
        self._present = new

    def clear(self, *, sparing: str = "") -> int:
        """Remove all generations, the present one too; returns the number of states.

        See `remove_leftovers`.
        """
        connections.client().delete(self._pointer)
        self._present = None
        return self.remove_leftovers(sparing=sparing)

    def remove_leftovers(self, *, sparing: str) -> int:
        """Remove the states of retired and interrupted generations; returns their number.

        Keeps those of fillings of the kind `sparing`, which may still run. A generation loses its cursor
        before its first state, so that the rest of it cannot be read.
        """
        removed = 0
        for keys in _pieces(self._leftovers(sparing), STATES_A_WRITE):
            removed += connections.client().unlink(*keys)
        return removed

    def states(self) -> dict[str, bytes]:
        """All states of the present generation by key suffix; for comparison and measurement."""
        present = self.present()
        return present.states() if present else {}

    def _leftovers(self, sparing: str) -> Iterator[str]:
        of_generation = re.compile(re.escape(f"{self.prefix}g") + "([0-9a-f]+):")
        condemned: dict[str, bool] = {}
        for key in iter_keys(self.prefix):
            found = of_generation.match(key)
            if found and found[1] not in condemned:
                condemned[found[1]] = self._condemn(found[1], sparing)
            if condemned[found[1]] if found else key != self._pointer:
                yield key

    def _condemn(self, name: str, sparing: str) -> bool:
        script = connections.client().register_script(CONDEMN)
        keys = [self._pointer, self._generation(name).cursor_key]
        return bool(script(keys=keys, args=[name, f"{sparing}:" if sparing else ""]))

    def _generation(self, name: str) -> Generation:
        return Generation(self.lane, self.prefix, name)

    def _known(self, expected: str) -> Generation:
        if self._present is None:
            raise StaleOnlineState(self.lane, expected, None)
        return self._present


def lane_prefix(lane: str) -> str:
    """The prefix of all keys of a lane."""
    return f"assay:{{{lane}}}:"


def iter_keys(prefix: str) -> Iterator[str]:
    """All keys with this prefix; some may come twice."""
    pattern = "".join(f"\\{char}" if char in "*?[]\\" else char for char in prefix)
    for key in connections.client().scan_iter(match=f"{pattern}*", count=KEYS_A_READ):
        yield key.decode()


def _pieces(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece


def _text(raw: bytes | str | None) -> str | None:
    return raw.decode() if isinstance(raw, bytes) else raw
