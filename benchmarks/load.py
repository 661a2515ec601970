"""The load generator process: `python -m benchmarks.load` reads a plan and writes figures, in JSON.

Arrival times and the bytes of every request are prepared before the clock starts. A plan has {"url", "key",
"run", "seed", "session", "connections"} and either {"rate", "seconds"} for single events, open loop, or
{"lists", "size", "seconds"} for lists sent as fast as they are accepted, until all are sent or the time is
up. `run` is the prefix of event IDs, `session` selects the traffic: payments of as many {"customers"}, or
posts with {"traffic": "content"}.
"""

import asyncio
import gc
import itertools
import json
import selectors
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import orjson

from benchmarks.arrivals import poisson_arrivals
from benchmarks.content.posts import posts
from demo.simulation.live import LiveTraffic
from demo.simulation.payloads import to_payload

PATH = "/api/v1/events"
LEAD_SECONDS = 0.5  # until the first arrival ...
BUILD_SECONDS = 50e-6  # ... plus this for each request to prepare
RESPONSE_SECONDS = 15.0  # after the last arrival; a later response does not count
ASKS_TO_WAIT = (429, 503)  # too many requests, or the database does not answer in time


class Pool:
    """Persistent connections; a request uses the most recently used one, or waits for a free one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.connections: set[Connection] = set()
        self.idle: list[Connection] = []
        self.waiting: deque[tuple[bytes, asyncio.Future[int]]] = deque()

    async def open(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        await asyncio.gather(*(self.connect() for _ in range(self.count)))

    def close(self) -> None:
        self.count = 0
        for connection in self.connections:
            connection.transport.close()

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: Connection(self), self.host, self.port)

    def send(self, request: bytes) -> asyncio.Future[int]:
        """The status of the response; 0 if the connection was lost."""
        response_status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self.idle:
            self.idle.pop().send(request, response_status)
        else:
            self.waiting.append((request, response_status))
        return response_status

    def free(self, connection: "Connection") -> None:
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.idle.append(connection)

    def lost(self, connection: "Connection") -> None:
        self.connections.remove(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        if len(self.connections) < self.count:
            asyncio.ensure_future(self.connect())  # noqa: RUF006 - the transport keeps the connection alive


class Connection(asyncio.Protocol):
    """One request at a time over persistent HTTP/1.1; responses must have a Content-Length."""

    transport: asyncio.Transport

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.response_status: asyncio.Future[int] | None = None
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.pool.connections.add(self)
        self.pool.free(self)

    def send(self, request: bytes, response_status: asyncio.Future[int]) -> None:
        self.response_status, self.received = response_status, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        status = complete_status(self.received)
        if status is not None and self.response_status:
            response_status, self.response_status = self.response_status, None
            response_status.set_result(status)
            self.pool.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self.response_status and not self.response_status.done():
            self.response_status.set_result(0)
        self.pool.lost(self)


def complete_status(received: bytes) -> int | None:
    """The status of a complete HTTP response, else None. Raises ValueError without a Content-Length.

    >>> complete_status(b"HTTP/1.1 201 Created\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    201
    >>> complete_status(b"HTTP/1.1 201 Created\\r\\nContent-Length: 2\\r\\n\\r\\n{")
    """
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    lowered = head.lower()
    offset = lowered.find(b"\r\ncontent-length:")
    if offset < 0:
        raise ValueError(f"a response without a length: {head[:200]!r}")
    length = int(lowered[offset + 17 :].split(b"\r\n", 1)[0])
    return int(head[9:12]) if len(body) >= length else None


def payments(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Payloads without a time, from the population of the history."""
    traffic = LiveTraffic(seed=plan["seed"], customers=plan["customers"], rate=100.0, session=plan["session"])
    numbers = itertools.count()
    for event in traffic:
        if event.row["type"] == "payment":
            yield to_payload(event.row, id=f"{plan['run']}-{next(numbers)}", occurred_at="")


def bodies(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Payloads of the plan's traffic, without a time."""
    return posts(plan) if plan.get("traffic") == "content" else payments(plan)


def http_request(plan: dict[str, Any], body: Any) -> bytes:
    content = orjson.dumps(body)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {urlsplit(plan['url']).netloc}\r\nAuthorization: Bearer {plan['key']}"
        f"\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def offer_singles(plan: dict[str, Any]) -> dict[str, Any]:
    """Send each payment when it is due, regardless of earlier responses."""
    due = poisson_arrivals(rate=plan["rate"], seconds=plan["seconds"], seed=plan["session"])
    drawn = list(itertools.islice(bodies(plan), len(due)))
    pool = await open_pool(plan)
    began = datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS + BUILD_SECONDS * len(drawn))
    requests = [
        http_request(plan, body | {"occurred_at": at(began + timedelta(seconds=float(moment)))})
        for body, moment in zip(drawn, due, strict=True)
    ]
    clock = time.perf_counter
    start = clock() + (began - datetime.now(UTC)).total_seconds()
    sent, done = np.full(len(due), np.inf), np.full(len(due), np.inf)
    answers = []
    for place, request in enumerate(requests):
        await asyncio.sleep(max(0.0, start + due[place] - clock()))
        sent[place] = clock() - start
        answer = pool.send(request)
        answer.add_done_callback(lambda _, place=place: done.__setitem__(place, clock() - start))
        answers.append(answer)
    await asyncio.wait(answers, timeout=RESPONSE_SECONDS)
    status = [answer.result() if answer.done() else 0 for answer in answers]
    done[np.array(status) == 0] = np.inf
    return {
        "due": due.tolist(),
        "sent": sent.tolist(),
        "done": [None if np.isinf(each) else each for each in done.tolist()],
        "status": status,
    }


async def offer_lists(plan: dict[str, Any]) -> dict[str, Any]:
    """Lists one after the other on each connection, sent again when the server asks to wait."""
    drawn, now = bodies(plan), at(datetime.now(UTC))
    requests = deque(
        http_request(plan, [next(drawn) | {"occurred_at": now} for _ in range(plan["size"])])
        for _ in range(plan["lists"])
    )
    pool = await open_pool(plan)
    start, taken, refused, failed = time.perf_counter(), 0, 0, 0

    async def sender() -> None:
        nonlocal taken, refused, failed
        while requests and time.perf_counter() - start < plan["seconds"]:
            request = requests.popleft()
            status = await pool.send(request)
            if status in ASKS_TO_WAIT:
                refused += 1
                requests.appendleft(request)
                await asyncio.sleep(1.0)  # what Retry-After says at the least
            elif status in (200, 201):
                taken += plan["size"]
            else:
                failed += 1

    await asyncio.gather(*(sender() for _ in range(plan["connections"])))
    return {
        "taken": taken,
        "refused": refused,
        "failed": failed,
        "seconds": time.perf_counter() - start,
    }


async def open_pool(plan: dict[str, Any]) -> Pool:
    address = urlsplit(plan["url"])
    pool = Pool(plan["connections"])
    await pool.open(address.hostname or "", address.port or 80)
    return pool


def main() -> None:
    plan = json.load(sys.stdin)
    # epoll rounds a wait up to whole milliseconds, select does not: arrivals are kept to their microsecond.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    gc.disable()
    offer = offer_lists if "lists" in plan else offer_singles
    json.dump(loop.run_until_complete(offer(plan)), sys.stdout)


if __name__ == "__main__":
    main()
