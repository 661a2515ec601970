"""Answers reach the waiting client; a failure of Redis reaches every waiting client."""

import threading
import time

import redis

from scoring.signals import redis_connections as connections
from scoring.signals import reply_channels
from scoring.signals.reply_channels import open_reply_channel, queue_of
from tests.waiting import wait_until


def answer(number: int) -> dict[str, object]:
    return {"stream": f"payment/shop/T-{number}", "answer": {"id": f"T-{number}"}}


def test_each_channel_gets_its_own_answers_of_a_batch(online_redis):
    first, second = open_reply_channel(), open_reply_channel()
    reply_channels.send_answers({first.token: [answer(1), answer(2)], second.token: [answer(3)]})
    assert second.collect(count=1, seconds=5) == ({"payment/shop/T-3": {"id": "T-3"}}, "")
    told, cause = first.collect(count=2, seconds=5)
    assert (list(told), cause) == (["payment/shop/T-1", "payment/shop/T-2"], "")


def test_a_wait_that_times_out_gives_the_answers_so_far(online_redis):
    channel = open_reply_channel()
    reply_channels.send_answers({channel.token: [answer(1)]})
    wait_until(lambda: not channel.arrived.empty())
    told, cause = channel.collect(count=2, seconds=0.01)
    assert (list(told), cause) == (["payment/shop/T-1"], "")


def test_answers_to_a_disconnected_client_do_not_delay_others(online_redis):
    left = open_reply_channel().token
    channel = open_reply_channel()
    reply_channels.send_answers(
        {left: [answer(1)], "an-older-process": [answer(2)], channel.token: [answer(3)]}
    )
    assert channel.collect(count=1, seconds=5)[0] == {"payment/shop/T-3": {"id": "T-3"}}
    assert online_redis.llen(queue_of(left)) == 0
    assert 0 < online_redis.ttl(queue_of("an-older-process")) <= reply_channels.REPLY_SECONDS


def test_waits_are_aborted_when_redis_fails_and_the_next_one_works(online_redis, monkeypatch):
    channel = open_reply_channel()
    with monkeypatch.context() as broken:
        broken.setattr(connections, "blocking", away)
        assert channel.collect(count=1, seconds=10) == ({}, "online_store_unavailable")
    channel = open_reply_channel()
    reply_channels.send_answers({channel.token: [answer(1)]})
    assert channel.collect(count=1, seconds=5)[1] == ""


def test_one_lost_connection_aborts_no_wait(online_redis, monkeypatch):
    channel, client, asked = open_reply_channel(), connections.blocking, []

    def lose_one() -> redis.Redis:
        asked.append(True)
        if len(asked) == 1:
            raise redis.ConnectionError("dropped")
        return client()

    monkeypatch.setattr(connections, "blocking", lose_one)
    wait_until(lambda: len(asked) > 1)  # the thread asks again every two seconds, and at once after a loss
    assert channel.collect(count=1, seconds=0.01) == ({}, "")
    reply_channels.send_answers({channel.token: [answer(1)]})
    assert channel.collect(count=1, seconds=5)[0] == {"payment/shop/T-1": {"id": "T-1"}}


def test_a_message_that_cannot_be_read_does_not_end_the_thread(online_redis):
    channel = open_reply_channel()
    online_redis.rpush(queue_of(channel.token), b"{", b"[1]")
    reply_channels.send_answers({channel.token: [answer(1)]})
    assert channel.collect(count=1, seconds=5)[0] == {"payment/shop/T-1": {"id": "T-1"}}


def test_concurrent_first_requests_start_one_listener(online_redis, monkeypatch):
    listener, opened = reply_channels.ReplyListener, []

    class Slow(listener):
        def __init__(self) -> None:
            opened.append(self)
            time.sleep(0.05)
            super().__init__()

    monkeypatch.setattr(reply_channels, "ReplyListener", Slow)
    reply_channels._listener.cache_clear()
    threads = [threading.Thread(target=open_reply_channel) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reply_channels._listener.cache_clear()
    assert len(opened) == 1


def away() -> redis.Redis:
    raise redis.ConnectionError("away")
