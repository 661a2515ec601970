"""Answers on their way to the clients that wait: a thread of the process takes them from Redis for all.

What a batch decided comes as one message for each web process, and not as a list for each client with a
connection that blocks on it.
"""

import itertools
import logging
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from functools import cache
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any
from weakref import WeakValueDictionary

import orjson
import redis

from scoring.signals import redis_connections as connections

logger = logging.getLogger(__name__)

LISTEN_SECONDS = connections.MAX_BLOCK_SECONDS  # then it asks again; a message is taken at once
AGAIN_SECONDS = 0.1  # after Redis has failed

_opening = Lock()  # a cache alone would let two first requests open an office each

Answer = dict[str, Any]  # {"stream", "answer"}


class Mailbox:
    """Where the answers of one request arrive; `token` is its address. It is closed by being forgotten."""

    def __init__(self, token: str) -> None:
        self.token = token
        # None: Redis has failed, and with it the wait.
        self.arrived: SimpleQueue[Answer | None] = SimpleQueue()

    def collect(self, *, count: int, seconds: float) -> tuple[dict[str, dict[str, Any]], str]:
        """Answers by event stream, as they come, until `count` are there or the time is up.

        The second value is the cause when the wait itself failed, else "".
        """
        deadline = time.monotonic() + seconds
        answers: dict[str, dict[str, Any]] = {}
        while len(answers) < count:
            try:
                arrived = self.arrived.get(timeout=max(deadline - time.monotonic(), 0.0))
            except Empty:
                break
            if arrived is None:
                return answers, "online_store_unavailable"
            answers[arrived["stream"]] = arrived["answer"]
        return answers, ""


class PostOffice:
    """The mailboxes of a process, and the thread that fills them for its life."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(8)
        self._boxes: WeakValueDictionary[str, Mailbox] = WeakValueDictionary()
        self._numbers = itertools.count()
        Thread(target=self._run, name="answers", daemon=True).start()

    def open_box(self) -> Mailbox:
        box = Mailbox(f"{self.name}.{next(self._numbers)}")
        self._boxes[box.token] = box
        return box

    def _run(self) -> None:
        failed = 0
        while True:
            try:
                self._listen()
                failed = 0
            except redis.RedisError as error:
                failed += 1
                if failed > 1:  # one connection may be lost: what was sent meanwhile is still there
                    self._give_up_waits(error)
                    time.sleep(AGAIN_SECONDS)
            except Exception:  # the thread that everybody's answers come through must not end
                logger.exception("answers could not be delivered")
                time.sleep(AGAIN_SECONDS)

    def _listen(self) -> None:
        message = connections.blocking().blpop([_queue(self.name)], timeout=LISTEN_SECONDS)
        if message is not None:
            self._deliver(orjson.loads(message[1]))

    def _deliver(self, message: Mapping[str, Sequence[Answer]]) -> None:
        for token, answers in message.items():
            box = self._boxes.get(token)
            if box is not None:  # else its client has left
                for answer in answers:
                    box.arrived.put(answer)

    def _give_up_waits(self, error: Exception) -> None:
        boxes = [box for reference in self._boxes.valuerefs() if (box := reference())]
        if boxes:
            logger.warning("wait for answers broken off: %s", error)
        for box in boxes:
            box.arrived.put(None)


def open_mailbox() -> Mailbox:
    """A mailbox of this process. Open it before its token is written: answers may come any moment then."""
    with _opening:
        return _office(os.getpid()).open_box()


def queue_of(token: str) -> str:
    """The list in Redis that the mailbox's process listens to. A message has answers by token."""
    return _queue(token.partition(".")[0])


@cache
def _office(process: int) -> PostOffice:
    """One for each process: threads do not come along when it forks."""
    return PostOffice()


def _queue(office: str) -> str:
    return f"assay:answers:{office}"
