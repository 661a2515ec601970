import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import orjson
import pytest

from demo.simulation import sender
from demo.simulation.live import LiveTraffic
from demo.simulation.sender import EVENTS, LABELS, ApiClient, send_messages, traffic_messages


class Recorded:
    """Records posts in order; `answer` is the status of every response."""

    def __init__(self, answer=201):
        self.posts, self.answer, self._lock = [], answer, threading.Lock()

    def __call__(self, path, body):
        with self._lock:
            self.posts.append((path, body))
        return self.answer


def send(post, **changes):
    traffic = LiveTraffic(seed=3, customers=500, rate=2_000.0, fraud_share=0.2)
    return send_messages(traffic_messages(traffic, run="r"), post=post, **{"seconds": 0.5} | changes)


def test_every_event_is_sent_once_with_its_own_id_and_the_time_of_sending():
    post = Recorded()
    tally = send(post)
    events = [body for path, body in post.posts if path == EVENTS]
    assert len(events) == tally.total(EVENTS, 201) > 500
    assert len({event["id"] for event in events}) == len(events)
    assert all(event["id"].startswith("r-") and event["occurred_at"].endswith("Z") for event in events)


def test_labels_follow_the_event_that_they_name(monkeypatch):
    traffic = LiveTraffic(seed=3, customers=500, rate=20.0, fraud_share=0.3)
    posted = list(islice(traffic_messages(traffic, run="r"), 6_000))
    due = [moment for moment, _, _ in posted]
    assert due == sorted(due)
    sent = {body["id"]: place for place, (_, path, body) in enumerate(posted) if path == EVENTS}
    labels = [(place, body) for place, (_, path, body) in enumerate(posted) if path == LABELS]
    assert len(labels) > 100
    assert all(sent[body["event_id"]] < place for place, body in labels)
    assert {body["label"] for _, body in labels} == {"fraud", "legitimate"}


def test_a_missing_response_is_counted_and_does_not_stop_the_traffic():
    def fail(path, body):
        raise OSError("gone")

    tally = send(fail)
    assert tally.total(EVENTS, 0) == tally.total(EVENTS) > 500


@pytest.fixture
def server():
    """A server that drops its first connection."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Authorization"], orjson.loads(body)))
            if len(received) == 1:
                self.close_connection = True
                return
            self.send_response(201)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", received
        running.shutdown()


def test_a_request_is_retried_after_a_dropped_connection(server, monkeypatch):
    monkeypatch.setattr(sender, "RETRY_SECONDS", (0.01, 0.01))
    url, received = server
    client = ApiClient(url, "secret")
    assert client.post(EVENTS, {"id": "1"}) == 201
    client.close()
    assert received == [(EVENTS, "Bearer secret", {"id": "1"})] * 2
