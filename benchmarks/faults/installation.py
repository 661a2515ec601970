"""The installation of the run: history, two models, rules and policy, people, suggested alert rules."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
from django.db import connection

from benchmarks.faults.drive import EVENT_TYPE, LANE, Installation
from benchmarks.faults.traffic import SOURCES
from demo.day_before import publish_due
from demo.demo_data import create_users
from demo.demo_ruleset import configure_deciding
from demo.management.commands.simulate import split_by_type, without_later_labels
from monitoring.alerts.rules.rule import AllowedAction
from monitoring.alerts.rules.stored import alert_rules, change_rule
from scoring.api.keys.issue import Sender, create_key, find_sender
from scoring.ingest.imports import ingest_frame
from scoring.learning.dataset.split import SplitShares
from scoring.learning.promotion.gate import approve
from scoring.learning.promotion.promote import promote
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.consumers.runs import run_consumers
from scoring.states.history import sequence_history

START = datetime(2025, 6, 2, tzinfo=UTC)  # a Monday: when live traffic begins
HISTORY_DAYS = 75
WARM_UP = timedelta(days=30)  # of the history; then windows, profiles and labels have filled
MATURES_AFTER = timedelta(days=14)  # labels of the simulation take no longer
ACTOR = "user/dana"


def set_up(frame: pd.DataFrame) -> None:
    """Load the history, configure what decides, train two models, and make the first the champion."""
    load_history(frame[frame.occurred_at < START])
    create_users(secrets.token_urlsafe(12))
    configure_deciding(now=START)
    automate()
    publish_due(now=START)
    train(seed=7)
    train(seed=8)
    promote(f"{EVENT_TYPE}-1", actor=ACTOR, now=START)
    run_consumers(now=START)


def load_history(frame: pd.DataFrame) -> None:
    known = without_later_labels(frame, until=START)
    for source, rows in known.groupby("source"):
        for mapping, part in split_by_type(rows, source=str(source)):
            ingest_frame(part, mapping=mapping, history=True, now=START)
    sequence_history(LANE)


def automate() -> None:
    """Have alerts take the first action that their rule offers by themselves, once a day."""
    for rule in alert_rules().values():
        if rule.actions and not rule.actions[0].automatic:
            first, *others = rule.actions
            actions = (AllowedAction(first.name, automatic=True, max_a_day=1), *others)
            changed = replace(rule, actions=actions)
            change_rule(changed, reason="To see what alerts do by themselves", actor=ACTOR, now=START)


def train(*, seed: int) -> str:
    """Train and approve a model on the history."""
    since = START - timedelta(days=HISTORY_DAYS) + WARM_UP
    request = TrainingRequest(EVENT_TYPE, as_of=START, since=since, matures_after=MATURES_AFTER)
    shares = SplitShares(train=0.5, validation=0.15, calibration=0.15, test=0.2, gap_days=1)
    config = TrainingConfig(seed=seed, shares=shares, minimum_positives=5)
    name = run_training(request, config=config, actor="schedule", now=START).name
    approve(name, actor=ACTOR, note="for the run", forced=True, now=START)
    return name


def senders() -> dict[str, Sender]:
    """A new API key for each source, with what it may do."""
    found = {}
    for source in SOURCES:
        _, key = create_key(
            name=source, source=source, scopes=["events:write", "labels:write"], now=START, actor=ACTOR
        )
        sender = find_sender(key)
        if sender is None:
            raise LookupError(f"the key of {source} was not stored")
        found[source] = sender
    return found


def installation(frame: pd.DataFrame, *, now: datetime) -> Installation:
    return Installation(frame, senders(), now)


def analyze() -> None:
    """Have PostgreSQL count rows anew, as autovacuum does over days."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
