"""A waiting client collects as many answers as it asked for, or those that arrived in time."""

import itertools
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import pytest
import redis

from scoring.signals import reply_channels
from scoring.signals.reply_channels import ReplyChannel, ReplyListener, open_reply_channel, queue_of

FAILED = "online_store_unavailable"


@pytest.mark.parametrize(
    ("arrived", "count", "seconds", "told", "cause"),
    [
        ("a", 1, 5.0, "a", ""),
        ("ab!", 2, 5.0, "ab", ""),  # collects no more than asked for
        ("aab", 2, 5.0, "ab", ""),  # a repeated answer counts once
        ("a!b", 2, 5.0, "a", FAILED),
        ("", 0, 5.0, "", ""),
        ("a", 2, 0.0, "a", ""),  # collects what arrived by then
        ("", 1, -1.0, "", ""),
    ],
)
def test_collecting_answers(arrived: str, count: int, seconds: float, told: str, cause: str):
    channel = ReplyChannel("process.1")
    for each in arrived:
        channel.arrived.put(None if each == "!" else {"stream": each, "answer": {"id": each}})
    answers = {each: {"id": each} for each in told}
    assert channel.collect(count=count, seconds=seconds) == (answers, cause)


class Scripted(ReplyListener):
    """Listens to a script, on the thread of the test, and then ends."""

    def __init__(self, heard: list[Exception | None]) -> None:
        self.name, self._numbers = "listener", itertools.count()
        self._channels: WeakValueDictionary[str, ReplyChannel] = WeakValueDictionary()
        self.heard: Iterator[Exception | None] = iter(heard)

    def _listen(self) -> None:
        error = next(self.heard, SystemExit())
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("heard", "waits_end"),
    [
        ("!", False),
        ("!!", True),
        ("!.!", False),  # Redis answered in between
        ("!.!!", True),
        ("??", False),  # messages that cannot be read
    ],
)
def test_waits_end_when_redis_fails_twice_in_a_row(
    heard: str, waits_end: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reply_channels, "RETRY_SECONDS", 0.0)
    what: dict[str, Any] = {"!": redis.ConnectionError("away"), "?": ValueError("what?"), ".": None}
    listener = Scripted([what[each] for each in heard])
    channels = [listener.open_channel(), listener.open_channel()]
    with pytest.raises(SystemExit):
        listener._run()
    assert [channel.collect(count=1, seconds=0.0)[1] for channel in channels] == [FAILED * waits_end] * 2


def test_each_channel_has_a_token_and_each_process_a_list(monkeypatch: pytest.MonkeyPatch):
    listeners = iter([Scripted([]), Scripted([])])
    monkeypatch.setattr(reply_channels, "ReplyListener", lambda: next(listeners))
    reply_channels._listener.cache_clear()
    first, second = open_reply_channel(), open_reply_channel()
    monkeypatch.setattr(reply_channels.os, "getpid", lambda: 7)  # as after a fork, without its thread
    forked = open_reply_channel()
    reply_channels._listener.cache_clear()
    assert (first.token, second.token, forked.token) == ("listener.0", "listener.1", "listener.0")
    assert queue_of(first.token) == queue_of(second.token) == "assay:answers:listener"
