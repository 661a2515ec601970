"""What a client is told that waits: as many answers as it asked for, or what is there when time is up."""

import itertools
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import pytest
import redis

from scoring.signals import reply_channels as mailboxes
from scoring.signals.reply_channels import Mailbox, PostOffice, open_mailbox, queue_of

FAILED = "online_store_unavailable"


@pytest.mark.parametrize(
    ("arrived", "count", "seconds", "told", "cause"),
    [
        ("a", 1, 5.0, "a", ""),
        ("ab!", 2, 5.0, "ab", ""),  # it does not wait for one more than it asked for
        ("aab", 2, 5.0, "ab", ""),  # the same answer twice is one
        ("a!b", 2, 5.0, "a", FAILED),
        ("", 0, 5.0, "", ""),
        ("a", 2, 0.0, "a", ""),  # what is there by then is told
        ("", 1, -1.0, "", ""),
    ],
)
def test_what_is_collected(arrived: str, count: int, seconds: float, told: str, cause: str):
    mailbox = Mailbox("process.1")
    for each in arrived:
        mailbox.arrived.put(None if each == "!" else {"stream": each, "answer": {"id": each}})
    answers = {each: {"id": each} for each in told}
    assert mailbox.collect(count=count, seconds=seconds) == (answers, cause)


class Scripted(PostOffice):
    """Hears what it is told to, on the thread of the test, and then ends."""

    def __init__(self, heard: list[Exception | None]) -> None:
        self.name, self._numbers = "office", itertools.count()
        self._boxes: WeakValueDictionary[str, Mailbox] = WeakValueDictionary()
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
        ("!.!", False),  # in between Redis was there
        ("!.!!", True),
        ("??", False),  # messages that cannot be read
    ],
)
def test_waits_end_when_redis_fails_twice_running(
    heard: str, waits_end: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mailboxes, "AGAIN_SECONDS", 0.0)
    what: dict[str, Any] = {"!": redis.ConnectionError("away"), "?": ValueError("what?"), ".": None}
    office = Scripted([what[each] for each in heard])
    boxes = [office.open_box(), office.open_box()]
    with pytest.raises(SystemExit):
        office._run()
    assert [box.collect(count=1, seconds=0.0)[1] for box in boxes] == [FAILED * waits_end] * 2


def test_each_mailbox_has_its_address_and_each_process_its_list(monkeypatch: pytest.MonkeyPatch):
    offices = iter([Scripted([]), Scripted([])])
    monkeypatch.setattr(mailboxes, "PostOffice", lambda: next(offices))
    mailboxes._office.cache_clear()
    first, second = open_mailbox(), open_mailbox()
    monkeypatch.setattr(mailboxes.os, "getpid", lambda: 7)  # as after a fork, without its thread
    forked = open_mailbox()
    mailboxes._office.cache_clear()
    assert (first.token, second.token, forked.token) == ("office.0", "office.1", "office.0")
    assert queue_of(first.token) == queue_of(second.token) == "assay:answers:office"
