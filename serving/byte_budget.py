"""A limit on the bytes that concurrent requests hold together."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ByteBudget:
    """At most `size` bytes at a time; requests that do not fit wait in order. Used from one event loop."""

    def __init__(self, size: int) -> None:
        self.free = self.size = size
        self.waiters: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take(self, count: int) -> bool:
        """Take `count` bytes if they are free."""
        if count > self.free:
            return False
        self.free -= count
        return True

    def give_back(self, count: int) -> None:
        self.free += count
        while self.waiters and self.take(self.waiters[0][0]):
            self.waiters.popleft()[1].set_result(None)

    @asynccontextmanager
    async def hold(self, count: int, *, seconds: float) -> AsyncIterator[None]:
        """Hold `count` bytes, or the whole budget if it is smaller, for the block.

        Raises TimeoutError after waiting for `seconds`.
        """
        count = min(count, self.size)
        if self.waiters or not self.take(count):
            await self._wait(count, seconds)
        try:
            yield
        finally:
            self.give_back(count)

    async def _wait(self, count: int, seconds: float) -> None:
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (count, granted)
        self.waiters.append(waiter)
        try:
            # Shielded, so that bytes granted at the moment of the timeout are noticed and given back.
            async with asyncio.timeout(seconds):
                await asyncio.shield(granted)
        except (TimeoutError, asyncio.CancelledError):
            if granted.done():
                self.give_back(count)
            else:
                self.waiters.remove(waiter)
            self.give_back(0)  # the next waiter may need fewer bytes
            raise
