"""A bounded number of bytes that requests share."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """So many bytes at once; what does not fit waits in line. Used from one event loop."""

    def __init__(self, size: int) -> None:
        self.free = self.size = size
        self.line: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take(self, count: int) -> bool:
        """Take `count` bytes if they are free."""
        if count > self.free:
            return False
        self.free -= count
        return True

    def give_back(self, count: int) -> None:
        self.free += count
        while self.line and self.take(self.line[0][0]):
            self.line.popleft()[1].set_result(None)

    @asynccontextmanager
    async def hold(self, count: int, *, seconds: float) -> AsyncIterator[None]:
        """Hold `count` bytes for the block, or all there are. Raises TimeoutError after `seconds` in line."""
        count = min(count, self.size)
        if self.line or not self.take(count):
            await self._wait(count, seconds)
        try:
            yield
        finally:
            self.give_back(count)

    async def _wait(self, count: int, seconds: float) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = (count, turn)
        self.line.append(place)
        try:
            # Shielded: a turn that comes in the moment of giving up is seen, and given back.
            async with asyncio.timeout(seconds):
                await asyncio.shield(turn)
        except (TimeoutError, asyncio.CancelledError):
            if turn.done():
                self.give_back(count)
            else:
                self.line.remove(place)
            self.give_back(0)  # the next in line may need less
            raise
