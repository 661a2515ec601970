"""Posting made-up traffic to the REST API at the pace it was drawn with."""

import heapq
import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from scoring.simulation.live import LiveEvent
from scoring.simulation.payloads import to_payload
from scoring.timestamps import to_iso

SENDERS = 8
TIMEOUT_SECONDS = 30.0
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)  # a server that starts or restarts is waited for


class ApiClient:
    """JSON over one kept connection a thread."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._local = threading.local()

    def post(self, path: str, body: Any) -> int:
        """The status of the answer. Raises OSError or http.client.HTTPException when every try failed."""
        return self._post(path, body, self._headers)

    def post_without_waiting(self, path: str, body: Any) -> int:
        """The same, and an event's decision is not waited for: it counts as no client's latency."""
        return self._post(path, body, self._headers | {"Prefer": "respond-async"})

    def _post(self, path: str, body: Any, headers: dict[str, str]) -> int:
        content = orjson.dumps(body)
        for pause in RETRY_SECONDS:
            try:
                return self._post_once(path, content, headers)
            except (OSError, http.client.HTTPException):
                self.close()
                time.sleep(pause)
        return self._post_once(path, content, headers)

    def close(self) -> None:
        """Give up this thread's connection; the next post makes another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _post_once(self, path: str, content: bytes, headers: dict[str, str]) -> int:
        connection = getattr(self._local, "connection", None) or self._connect()
        connection.request("POST", path, content, headers)
        response = connection.getresponse()
        response.read()
        return int(response.status)

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._local.connection = kind(
            self._address.hostname or "", self._address.port, timeout=TIMEOUT_SECONDS
        )
        connection: http.client.HTTPConnection = self._local.connection
        return connection


@dataclass
class Tally:
    """What became of what was sent, by (path, status); status 0 is no answer."""

    answers: dict[tuple[str, int], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, path: str, status: int) -> None:
        with self._lock:
            self.answers[path, status] = self.answers.get((path, status), 0) + 1

    def total(self, path: str, *statuses: int) -> int:
        return sum(
            n
            for (at, status), n in self.answers.items()
            if at == path and (not statuses or status in statuses)
        )


Post = Callable[[str, Any], int]
EVENTS, LABELS = "/api/v1/events", "/api/v1/labels"


def send_traffic(
    traffic: Iterator[LiveEvent],
    *,
    post: Post,
    post_past: Post | None = None,
    run: str,
    seconds: float | None = None,
    lead_in: float = 0.0,
    tally: Tally | None = None,
) -> Tally:
    """Send events when they are due and their labels some time later, for `seconds` or for ever.

    `run` begins every event's id, so that no two runs share one. An event occurs when it is sent; those of
    the first `lead_in` seconds are sent at once (by `post_past`), as having occurred in those before. Sending
    that lags behind catches up: nothing is dropped.
    """
    tally = tally or Tally()
    start = time.monotonic() - lead_in
    began = datetime.now(UTC) - timedelta(seconds=lead_in)
    with ThreadPoolExecutor(SENDERS) as pool:
        for due, path, body in _outbox(traffic, run=run):
            if seconds is not None and due > lead_in + seconds:
                break
            time.sleep(max(0.0, start + due - time.monotonic()))
            occurred = began + timedelta(seconds=due) if due < lead_in else datetime.now(UTC)
            payload = body | {"occurred_at": _whole_second(occurred)} if path == EVENTS else body
            sender = post_past if post_past and due < lead_in else post
            pool.submit(sender, path, payload).add_done_callback(_counting(tally, path))
    return tally


def _outbox(traffic: Iterator[LiveEvent], *, run: str) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """Events and labels merged in order of when they are due."""
    labels: list[tuple[float, int, dict[str, Any]]] = []
    for number in itertools.count():
        event = next(traffic)
        while labels and labels[0][0] <= event.due:
            due, _, body = heapq.heappop(labels)
            yield due, LABELS, body
        payload = to_payload(event.row, id=f"{run}-{number}", occurred_at="")
        yield event.due, EVENTS, payload
        if event.label is not None:
            heapq.heappush(labels, (event.due + event.label_after, number, _label_body(payload, event.label)))


def _label_body(payload: dict[str, Any], label: str) -> dict[str, Any]:
    source = "chargeback" if label == "fraud" else "customer"
    return {"event_type": payload["type"], "event_id": payload["id"], "label": label, "source": source}


def _counting(tally: Tally, path: str) -> Callable[[Future[int]], None]:
    def count(sent: Future[int]) -> None:
        tally.count(path, 0 if sent.exception() else sent.result())

    return count


def _whole_second(moment: datetime) -> str:
    return to_iso(moment.replace(microsecond=0))
