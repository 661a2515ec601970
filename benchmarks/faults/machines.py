"""Faults of machines and models, made for real: a slow Redis, a stopped consumer, a broken model."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import redis.connection
from numpy.typing import NDArray

from benchmarks.faults.drive import EVENT_TYPE, Installation
from scoring.learning.promotion.promote import promote
from scoring.registry.loaded_models import LoadedModel
from scoring.registry.models import ModelVersion

SLOW_SECONDS = 0.6  # that each exchange with Redis takes longer
STOPPED = "reviews.cases"


@contextmanager
def slow_redis(installation: Installation) -> Iterator[None]:
    """Every packet to Redis takes SLOW_SECONDS longer."""
    send = redis.connection.AbstractConnection.send_packed_command

    def send_late(self: Any, *arguments: Any, **options: Any) -> Any:
        time.sleep(SLOW_SECONDS)
        return send(self, *arguments, **options)

    with mock.patch.object(redis.connection.AbstractConnection, "send_packed_command", send_late):
        yield


@contextmanager
def stopped_consumer(installation: Installation) -> Iterator[None]:
    """The consumer that opens review cases does not run."""
    installation.stopped.add(STOPPED)
    try:
        yield
    finally:
        installation.stopped.discard(STOPPED)


@contextmanager
def one_score(installation: Installation) -> Iterator[None]:
    """A new champion reads no values, so that it gives every event the same score."""
    newest = ModelVersion.objects.filter(event_type=EVENT_TYPE).latest("number").name
    explain = LoadedModel.explain

    def explain_nothing(self: LoadedModel, X: NDArray) -> Any:
        return explain(self, np.full_like(X, np.nan) if self.name == newest else X)

    with mock.patch.object(LoadedModel, "explain", explain_nothing):
        promote(newest, actor="user/lee", now=installation.now)
        yield
