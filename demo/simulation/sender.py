"""Sends simulated traffic to the REST API at the simulated times."""

import heapq
import http.client
import itertools
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from demo.simulation.live import LiveEvent
from demo.simulation.payloads import to_payload
from scoring.timestamps import to_iso

SENDERS = 8
TIMEOUT_SECONDS = 30.0
READY_SECONDS = 120.0
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)  # long enough for a server to restart


class ApiClient:
    """JSON and pictures over one persistent connection per thread."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._local = threading.local()

    def post(self, path: str, body: Any) -> int:
        """The response's status. Raises OSError or http.client.HTTPException if every attempt failed."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        media_type = "image/jpeg" if isinstance(body, bytes) else "application/json"
        for pause in RETRY_SECONDS:
            try:
                return self._post_once(path, content, media_type)
            except (OSError, http.client.HTTPException):
                self.close()
                time.sleep(pause)
        return self._post_once(path, content, media_type)

    def close(self) -> None:
        """Close this thread's connection; the next post opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _post_once(self, path: str, content: bytes, media_type: str) -> int:
        connection = getattr(self._local, "connection", None) or self._connect()
        connection.request("POST", path, content, self._headers | {"Content-Type": media_type})
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


def is_ready(url: str) -> bool:
    """Whether the server and its workers are ready to decide."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:  # noqa: S310 (an address given to us)
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_ready(url: str, *, seconds: float = READY_SECONDS) -> None:
    """Wait for at most `seconds`; later problems show in the responses."""
    deadline = time.monotonic() + seconds
    while not is_ready(url) and time.monotonic() < deadline:
        time.sleep(0.5)


@dataclass
class Tally:
    """Counts of responses by (path, status); status 0 means no response."""

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
Message = tuple[float, str, Any]  # due (seconds after the start), path, body: JSON, or the bytes of a picture
EVENTS, LABELS, MEDIA = "/api/v1/events", "/api/v1/labels", "/api/v1/media"


def send_messages(
    messages: Iterator[Message], *, post: Post, seconds: float | None = None, tally: Tally | None = None
) -> Tally:
    """Send each message when it is due, for `seconds` or forever.

    An event without a time occurs when it is sent. Late messages are still sent: none is dropped.
    """
    tally = tally or Tally()
    start = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        for due, path, body in messages:
            if seconds is not None and due > seconds:
                break
            time.sleep(max(0.0, start + due - time.monotonic()))
            pool.submit(post, path, _with_time(path, body)).add_done_callback(_counting(tally, path))
    return tally


def _with_time(path: str, body: Any) -> Any:
    if path != EVENTS or body["occurred_at"]:
        return body
    return body | {"occurred_at": to_iso(datetime.now(UTC).replace(microsecond=0))}


def traffic_messages(traffic: Iterator[LiveEvent], *, run: str) -> Iterator[Message]:
    """Events and labels merged in due order; `run` is the prefix of every event's ID."""
    labels: list[tuple[float, int, dict[str, Any]]] = []
    for number in itertools.count():
        event = next(traffic)
        while labels and labels[0][0] <= event.due:
            due, _, body = heapq.heappop(labels)
            yield due, LABELS, body
        payload = to_payload(event.row, id=f"{run}-{number}", occurred_at="")
        yield event.due, EVENTS, payload
        if event.label is not None:
            heapq.heappush(labels, (event.due + event.label_after, number, label_body(payload, event.label)))


def label_body(payload: Mapping[str, Any], label: str) -> dict[str, Any]:
    """The request body that labels the event of a payload."""
    source = "chargeback" if label == "fraud" else "customer"
    return {"event_type": payload["type"], "event_id": payload["id"], "label": label, "source": source}


def _counting(tally: Tally, path: str) -> Callable[[Future[int]], None]:
    def count(sent: Future[int]) -> None:
        tally.count(path, 0 if sent.exception() else sent.result())

    return count
