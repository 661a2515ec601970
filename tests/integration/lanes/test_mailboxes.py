"""Answers reach the client that waits for them, and a failure of Redis all that wait."""

import threading
import time

import redis

from scoring.signals import lane_notifications as doorbell
from scoring.signals import redis_connections as connections
from scoring.signals import reply_channels as mailboxes
from scoring.signals.reply_channels import open_mailbox, queue_of


def answer(number: int) -> dict[str, object]:
    return {"stream": f"payment/shop/T-{number}", "answer": {"id": f"T-{number}"}}


def test_each_mailbox_gets_its_own_answers_of_a_batch(online_redis):
    first, second = open_mailbox(), open_mailbox()
    doorbell.wake({first.token: [answer(1), answer(2)], second.token: [answer(3)]})
    assert second.collect(count=1, seconds=5) == ({"payment/shop/T-3": {"id": "T-3"}}, "")
    told, cause = first.collect(count=2, seconds=5)
    assert (list(told), cause) == (["payment/shop/T-1", "payment/shop/T-2"], "")


def test_a_wait_ends_with_what_has_come_by_then(online_redis):
    mailbox = open_mailbox()
    doorbell.wake({mailbox.token: [answer(1)]})
    told, cause = mailbox.collect(count=2, seconds=0.3)
    assert (list(told), cause) == (["payment/shop/T-1"], "")


def test_answers_to_a_client_that_has_left_keep_nobody_else_from_his(online_redis):
    left = open_mailbox().token
    mailbox = open_mailbox()
    doorbell.wake({left: [answer(1)], "an-older-process": [answer(2)], mailbox.token: [answer(3)]})
    assert mailbox.collect(count=1, seconds=5)[0] == {"payment/shop/T-3": {"id": "T-3"}}
    assert online_redis.llen(queue_of(left)) == 0
    assert 0 < online_redis.ttl(queue_of("an-older-process")) <= doorbell.ANSWER_SECONDS


def test_who_waits_is_told_when_redis_fails_and_the_next_is_served_again(online_redis, monkeypatch):
    mailbox = open_mailbox()
    with monkeypatch.context() as broken:
        broken.setattr(connections, "blocking", away)
        assert mailbox.collect(count=1, seconds=10) == ({}, "online_store_unavailable")
    mailbox = open_mailbox()
    doorbell.wake({mailbox.token: [answer(1)]})
    assert mailbox.collect(count=1, seconds=5)[1] == ""


def test_a_connection_lost_once_ends_no_wait(online_redis, monkeypatch):
    mailbox, client, lost = open_mailbox(), connections.blocking, []

    def lose_one() -> redis.Redis:
        if not lost:
            lost.append(True)
            raise redis.ConnectionError("dropped")
        return client()

    monkeypatch.setattr(connections, "blocking", lose_one)
    assert mailbox.collect(count=1, seconds=2.5) == ({}, "")  # the thread asks again every two seconds
    assert lost
    doorbell.wake({mailbox.token: [answer(1)]})
    assert mailbox.collect(count=1, seconds=5)[0] == {"payment/shop/T-1": {"id": "T-1"}}


def test_a_message_that_cannot_be_read_does_not_end_the_thread(online_redis):
    mailbox = open_mailbox()
    online_redis.rpush(queue_of(mailbox.token), b"{", b"[1]")
    doorbell.wake({mailbox.token: [answer(1)]})
    assert mailbox.collect(count=1, seconds=5)[0] == {"payment/shop/T-1": {"id": "T-1"}}


def test_first_requests_that_come_together_open_one_office(online_redis, monkeypatch):
    office, opened = mailboxes.PostOffice, []

    class Slow(office):
        def __init__(self) -> None:
            opened.append(self)
            time.sleep(0.05)
            super().__init__()

    monkeypatch.setattr(mailboxes, "PostOffice", Slow)
    mailboxes._office.cache_clear()
    threads = [threading.Thread(target=open_mailbox) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mailboxes._office.cache_clear()
    assert len(opened) == 1


def away() -> redis.Redis:
    raise redis.ConnectionError("away")
