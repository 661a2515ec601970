"""Have a worker simulate an event, and wait for the answer: the web process neither folds nor predicts.

Lists, for which this process has the raw personal values, and hash banks are looked up here; the worker gets
an event as in the log, and the texts that its models read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

import redis
from kombu.exceptions import OperationalError

from scoring.catalog.registry import scored_type
from scoring.decisions.errors import SimulationUnavailable
from scoring.decisions.simulation.hits_as_data import data_of_bank_hits, data_of_hits
from scoring.decisions.simulation.tasks import ANSWER, run_simulation
from scoring.features.compile.plan import lane_plan
from scoring.intake.receive import Submission, received_entry, vault_items
from scoring.log import vault
from scoring.rules.banks.search.lookup import find_bank_hits
from scoring.rules.lists.lookup import find_hits
from scoring.rules.ruleset.stream import current_version
from scoring.signals.reply_channels import open_reply_channel
from scoring.timestamps import to_iso

MAX_AT_ONCE = 2  # of a web process: workers have lanes to run, and threads other requests to serve
TURN_SECONDS = 0.5  # how long a request waits for its turn

_turns = BoundedSemaphore(MAX_AT_ONCE)


def ask_simulation(
    submission: Submission, *, source: str, expressions: Sequence[str], wait: float, now: datetime
) -> dict[str, Any]:
    """The decision that an event of a sender would get, and what each stage did (see `stages.describe`).

    `expressions` compile for the event's type. Nothing is recorded. Raises EventTypeNotScored, and
    SimulationUnavailable if no worker has answered within `wait` seconds, or too many others are asked for.
    """
    with _turn():
        return _ask(submission, source=source, expressions=expressions, wait=wait, now=now)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=TURN_SECONDS):
        raise SimulationUnavailable(f"{MAX_AT_ONCE} others are running")
    try:
        yield
    finally:
        _turns.release()


def _ask(
    submission: Submission, *, source: str, expressions: Sequence[str], wait: float, now: datetime
) -> dict[str, Any]:
    kind = scored_type(submission.type)
    event = received_entry(submission, source=source).data
    version = current_version()
    hits = find_hits(
        kind.name, event["fields"], version=version, now=now, personal=personal_values(submission)
    )
    channel = open_reply_channel()
    request = {
        "event": event,
        "hits": data_of_hits(hits),
        "banked": data_of_bank_hits(find_bank_hits(event, version=version, now=now)),
        "ruleset": version,
        "expressions": list(expressions),
        "texts": texts_of_models(submission),
        "now": to_iso(now),
        "token": channel.token,
    }
    try:
        run_simulation.apply_async(args=[request], expires=wait, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        raise SimulationUnavailable(f"the broker does not answer ({error})") from error
    answers, cause = channel.collect(count=1, seconds=wait)
    return _answer_in(answers, cause=cause, wait=wait)


def _answer_in(answers: dict[str, dict[str, Any]], *, cause: str, wait: float) -> dict[str, Any]:
    if ANSWER not in answers:
        late = f"no worker of lanes was free within {wait:g} s"
        raise SimulationUnavailable(cause.replace("_", " ") or late)
    answer = answers[ANSWER]
    if "problem" in answer:
        raise SimulationUnavailable(answer["problem"])
    simulated: dict[str, Any] = answer["simulated"]
    return simulated


def texts_of_models(submission: Submission) -> dict[str, str]:
    """The personal texts from which a model of the event's type may fill in features, by digest.

    They are the only personal values that leave this process: for the seconds that the request waits.
    """
    kind = scored_type(submission.type)
    sets = lane_plan(kind.lane).feature_sets(kind.name)
    names = {name for each in sets for _, name, _ in each.resemblances if kind.fields[name].personal}
    fields = submission.parsed.fields
    return {vault.digest_of(name, fields[name]): fields[name] for name in names & fields.keys()}


def personal_values(submission: Submission) -> dict[str, str]:
    """The raw personal values of a submission by the digest that its receipt would hold."""
    return {vault.digest_of(name, value): value for name, value in vault_items([submission])}
