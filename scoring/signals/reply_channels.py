"""Replies to waiting clients: one thread of each web process receives them from Redis for all its requests.

The decisions of a batch arrive as one message for each web process, not as one list for each client with a
blocking connection of its own.
"""

import itertools
import logging
import os
import secrets
import time
from collections import defaultdict
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

LISTEN_SECONDS = connections.MAX_BLOCK_SECONDS  # of one blocking read; a message ends it at once
RETRY_SECONDS = 0.1  # after Redis has failed
REPLY_SECONDS = 30  # until replies to a process that has ended expire

_opening = Lock()  # a cache alone would let two first requests create a listener each

Answer = dict[str, Any]  # {"stream", "answer"}


class ReplyChannel:
    """Receives the answers of one request; `token` is its address. It closes when it is garbage collected."""

    def __init__(self, token: str) -> None:
        self.token = token
        # None: Redis has failed, so waiting is pointless.
        self.arrived: SimpleQueue[Answer | None] = SimpleQueue()

    def collect(self, *, count: int, seconds: float) -> tuple[dict[str, dict[str, Any]], str]:
        """Answers by event stream, until there are `count` or the time is up.

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


class ReplyListener:
    """The reply channels of a process, and the daemon thread that fills them."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(8)
        self._channels: WeakValueDictionary[str, ReplyChannel] = WeakValueDictionary()
        self._numbers = itertools.count()
        Thread(target=self._run, name="answers", daemon=True).start()

    def open_channel(self) -> ReplyChannel:
        channel = ReplyChannel(f"{self.name}.{next(self._numbers)}")
        self._channels[channel.token] = channel
        return channel

    def _run(self) -> None:
        failed = 0
        while True:
            try:
                self._listen()
                failed = 0
            except redis.RedisError as error:
                failed += 1
                if failed > 1:  # one lost connection loses nothing: the messages are still in Redis
                    self._abort_waits(error)
                    time.sleep(RETRY_SECONDS)
            except Exception:  # the edge of the thread, on which every waiting request depends
                logger.exception("replies could not be delivered")
                time.sleep(RETRY_SECONDS)

    def _listen(self) -> None:
        message = connections.blocking().blpop([_queue(self.name)], timeout=LISTEN_SECONDS)
        if message is not None:
            self._deliver(orjson.loads(message[1]))

    def _deliver(self, message: Mapping[str, Sequence[Answer]]) -> None:
        for token, answers in message.items():
            channel = self._channels.get(token)
            if channel is not None:  # else its request has ended
                for answer in answers:
                    channel.arrived.put(answer)

    def _abort_waits(self, error: Exception) -> None:
        channels = [channel for reference in self._channels.valuerefs() if (channel := reference())]
        if channels:
            logger.warning("waiting for replies was aborted: %s", error)
        for channel in channels:
            channel.arrived.put(None)


def open_reply_channel() -> ReplyChannel:
    """A reply channel of this process. Open it before its token is written: answers may follow at once."""
    with _opening:
        return _listener(os.getpid()).open_channel()


def send_answers(answers: Mapping[str, Sequence[Answer]]) -> None:
    """Send decided answers to the waiting clients, by wake token: one message for each web process."""
    messages: dict[str, dict[str, Sequence[Answer]]] = defaultdict(dict)
    for token, decided in answers.items():
        messages[queue_of(token)][token] = decided
    with connections.client().pipeline(transaction=False) as pipe:
        for queue, message in messages.items():
            pipe.rpush(queue, orjson.dumps(message))
            pipe.expire(queue, REPLY_SECONDS)
        pipe.execute()


def queue_of(token: str) -> str:
    """The list in Redis on which the channel's process listens. A message maps tokens to answers."""
    return _queue(token.partition(".")[0])


@cache
def _listener(process: int) -> ReplyListener:
    """One for each process: threads do not survive a fork."""
    return ReplyListener()


def _queue(listener: str) -> str:
    return f"assay:answers:{listener}"
