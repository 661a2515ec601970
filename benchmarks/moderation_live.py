"""Moderation from a cold start, over HTTP: `python -m benchmarks.moderation_live comments.csv`.

The file is that of `benchmarks.moderation`. An installation starts without a model. Its comments are posted
one by one in time order, and each counts as decided by the response. The verdict of a comment is posted as a
label once the data's own time has passed its delay. After every so many comments the scheduled task requests
a training, and a model that passes the checks of quality is deployed.

Times are moved by whole weeks, so that the last comment is at most a week old: hours and weekdays stay.
"""

import argparse
import http.client
import json
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from django.db import connection

from benchmarks.django_setup import KEPT, VAR  # sets Django up, so it comes first
from benchmarks.installation import start_services
from benchmarks.moderation_steps import EVENT_TYPE, read_comments
from benchmarks.moderation_windows import DecidedComment, table_lines
from benchmarks.stack import Stack, commit, machine, started
from embedded import services
from scoring.api.keys.issue import create_key
from scoring.jobs.rows import JobState
from scoring.learning.models import TrainingJob
from scoring.learning.promotion.gate import approve, failed_checks
from scoring.learning.promotion.promote import promote
from scoring.learning.tasks import retrain
from scoring.registry.model_versions import describe_model
from scoring.registry.models import ModelVersion

ADMIN = "user/benchmark"
SENDER, LABEL_SOURCE = "forum", "trusted_flagger"
WEEK = timedelta(days=7)
# A training starts some time after its request, and reads events up to an age computed at the request.
QUEUE_MARGIN = timedelta(minutes=10)
TRAINING_SECONDS = 600.0
DECISION_SECONDS = 120.0
# Checks of how much a model was judged on. A new installation has little, and people approve nevertheless.
CHECKS_OF_SIZE = {"held-out events", "held-out positives"}
NOTE = "The installation is new and has few events."


class Sender:
    """Posts to the API over one connection."""

    def __init__(self, port: int, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Prefer": "wait=10",
        }

    def post(self, path: str, payload: dict[str, Any]) -> Any:
        """The response to what was accepted, by now or before; anything else ends the run."""
        try:
            status, body = self._exchange(path, payload)
        except ConnectionError:  # closed while a training ran; the API takes the same again
            self.connection.close()
            status, body = self._exchange(path, payload)
        if status not in (http.client.OK, http.client.CREATED, http.client.ACCEPTED):
            raise SystemExit(f"{path} answered {status}: {body}")
        return body

    def _exchange(self, path: str, payload: dict[str, Any]) -> tuple[int, Any]:
        self.connection.request("POST", f"/api/v1/{path}", json.dumps(payload), self.headers)
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def send_comment(self, row: Any) -> DecidedComment:
        """Post the comment, again if it was not decided in time: a worker may still be starting."""
        payload = {
            "type": EVENT_TYPE,
            "id": row.id,
            "occurred_at": row.occurred_at.isoformat(),
            "kind": row.kind,
            "author": row.author,
            "thread": row.thread,
            "text": row.text,
        }
        deadline = time.monotonic() + DECISION_SECONDS
        while not (decision := self.post("events", payload)["decision"]):
            if time.monotonic() > deadline:
                raise SystemExit(f"{row.id} was not decided; see {VAR / 'logs'}")
        return DecidedComment(
            is_spam=row.policies == "spam",
            outcome=decision["outcome"],
            score=decision["score"],
            basis=decision["basis"],
        )

    def send_verdict(self, row: Any) -> None:
        verdict = {
            "event_type": EVENT_TYPE,
            "event_id": row.id,
            "label": row.label,
            "source": LABEL_SOURCE,
            "known_at": row.label_known_at.isoformat(),
        }
        policies = {"policies": [row.policies]} if row.policies else {}
        self.post("labels", verdict | policies)


def send_all(
    rows: pd.DataFrame, sender: Sender, *, every: int, delay: timedelta, approve_all: bool
) -> Iterator[DecidedComment]:
    """Each comment with its decision, in time order; verdicts and trainings come when they are due."""
    waiting: deque[Any] = deque()
    for number, row in enumerate(rows.itertuples(index=False)):
        while waiting and waiting[0].label_known_at <= row.occurred_at:
            sender.send_verdict(waiting.popleft())
        if number and number % every == 0:
            known_until = row.occurred_at.to_pydatetime() - delay
            say(f"{number:,} comments: {train(known_until=known_until, approve_all=approve_all)}")
        yield sender.send_comment(row)
        waiting.append(row)


def train(*, known_until: datetime, approve_all: bool) -> str:
    """Request a training on the comments up to that time and wait for its end; says what came of it."""
    now = datetime.now(UTC)
    age = now - known_until + QUEUE_MARGIN
    number = retrain(EVENT_TYPE, matures_after_days=age / timedelta(days=1))
    if number is None:
        return "no training, as there are no new labels"
    job = wait_for(number)
    if job.state != JobState.FINISHED:
        return f"no model: {job.error}"
    newest = ModelVersion.objects.filter(event_type=EVENT_TYPE).latest("number")
    return deploy(newest, approve_all=approve_all)


def wait_for(number: int) -> TrainingJob:
    deadline = time.monotonic() + TRAINING_SECONDS
    while time.monotonic() < deadline:
        job = TrainingJob.objects.filter(number=number).first()
        if job is not None and job.state not in (JobState.QUEUED, JobState.RUNNING):
            return job
        time.sleep(0.2)
    raise SystemExit(f"training {number} did not end; see {VAR / 'logs'}")


def deploy(version: ModelVersion, *, approve_all: bool) -> str:
    """Approve and promote a model; without `approve_all` only if no check but those of size failed."""
    failed = failed_checks(version.checks)
    described = describe(version, failed)
    if not approve_all and not CHECKS_OF_SIZE.issuperset(failed):
        return f"{described}; not deployed"
    now = datetime.now(UTC)
    approve(version.name, actor=ADMIN, note=NOTE, forced=bool(failed), now=now)
    promote(version.name, actor=ADMIN, now=now)
    return f"{described}; deployed"


def describe(version: ModelVersion, failed: list[str]) -> str:
    thresholds = describe_model(version.name).thresholds
    metrics = version.metrics
    return (
        f"{version.name}, average precision {metrics['average_precision']:.3f} on {metrics['rows']} held-out"
        f" comments with {metrics['positives']} spam, review from {thresholds['review']:.2f}, remove from"
        f" {thresholds['block']:.2f}, failed checks: {', '.join(failed) or 'none'}"
    )


def moved(rows: pd.DataFrame, *, delay: timedelta, now: datetime) -> pd.DataFrame:
    """The comments with times moved by whole weeks to end before now, and verdicts `delay` later."""
    weeks = (now - rows.occurred_at.iloc[-1].to_pydatetime()) // WEEK
    times = rows.occurred_at + weeks * WEEK
    return rows.assign(occurred_at=times, label_known_at=times + delay)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(rows: pd.DataFrame, *, every: int, delay: timedelta, approve_all: bool) -> list[DecidedComment]:
    """Start an installation and send it the comments."""
    start_services()
    stack = Stack(VAR)
    with started(stack):
        stack.begin("trainer")
        sender = Sender(stack.port, sender_key())
        return list(send_all(rows, sender, every=every, delay=delay, approve_all=approve_all))


def sender_key() -> str:
    _, key = create_key(
        name=SENDER,
        source=SENDER,
        scopes=["events:write", "labels:write"],
        label_sources=[LABEL_SOURCE],
        now=datetime.now(UTC),
        actor=ADMIN,
    )
    return key


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("comments", help="CSV: comment_id, occurred_at, author_id, video_id, text, is_spam")
    parser.add_argument("--every", type=int, default=100, help="comments from one training to the next")
    parser.add_argument("--delay-hours", type=float, default=24, help="from a comment to its verdict")
    parser.add_argument(
        "--approve-all", action="store_true", help="deploy every model, whatever its checks say"
    )
    parser.add_argument("--window", type=int, default=200, help="comments a line of the table")
    parser.add_argument("--limit", type=int, default=sys.maxsize, help="send the first comments only")
    return parser.parse_args()


def main() -> None:
    options = read_options()
    delay = timedelta(hours=options.delay_hours)
    comments = read_comments(options.comments).head(options.limit)
    try:
        rows = moved(comments, delay=delay, now=datetime.now(UTC))
        decided = run(rows, every=options.every, delay=delay, approve_all=options.approve_all)
        say("\n".join(table_lines(decided, options.window)))
        say(f"{machine()}, commit {commit()}")
    finally:
        connection.close()
        services.stop(VAR)
        if not KEPT:
            shutil.rmtree(VAR, ignore_errors=True)


if __name__ == "__main__":
    main()
