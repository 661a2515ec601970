"""One external signal in one process: its service, breaker, cache and threads."""

import logging
import os
import socket
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from functools import cache
from typing import Any

from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Canonical
from scoring.catalog.registry import event_type
from scoring.intake.external import origins
from scoring.intake.external.breaker import ServiceBreaker
from scoring.intake.external.cache import AnswerCache, Known, read_shared, write_shared
from scoring.intake.external.origins import ABSENT, CACHED, FETCHED, ServiceFailed, SignalAnswer
from scoring.intake.external.service import MAX_CONNECTIONS, Service
from scoring.signals import process_reports
from scoring.signals.telemetry import telemetry

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Question:
    """What is asked, and the answer, once it is known. `is_late`: its caller waits no longer."""

    key: str
    body: Mapping[str, Any]
    asked_at: float
    answer: SignalAnswer | None = None
    future: Future[SignalAnswer] | None = None
    is_late: bool = False


class Source:
    """Answers questions about one external signal."""

    def __init__(self, event_type: str, signal: ExternalSignal) -> None:
        self.signal, self.name = signal, f"{event_type}.{signal.name}"
        self._service, self._breaker, self._answers = Service(signal), ServiceBreaker(), AnswerCache()
        # Threads of its own, so that a slow service keeps no other waiting.
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix=f"signal-{signal.name}")

    def ask(self, key: str, body: Mapping[str, Any]) -> Question:
        """A question, answered at once if this process knows the answer or may not ask."""
        question = Question(key, body, time.monotonic())
        if self._service.refusal:
            question.answer = SignalAnswer(ABSENT, cause=self._service.refusal)
        elif known := self._answers.get(key):
            question.answer = _cached(known[0])
        else:
            question.future = self._threads.submit(self._answer, question)
        return question

    def answer_by(self, question: Question, until: float) -> SignalAnswer:
        """The answer, or that there is none at this time of the monotonic clock; counts it."""
        answer = question.answer or self._wait(question, until)
        telemetry.add("external", self.name, answer.origin, answer.cause)
        if answer.ms is not None:
            telemetry.observe_answer(self.name, answer.ms / 1000)
        return answer

    def _wait(self, question: Question, until: float) -> SignalAnswer:
        future = question.future
        try:
            if future is not None:
                return future.result(timeout=max(until - time.monotonic(), 0.0))
        except NotInTime:
            question.is_late = True
            if future is not None and not future.cancel():  # one that never began says nothing of the service
                self._note_failure(origins.TIMEOUT)
        return SignalAnswer(ABSENT, cause=origins.TIMEOUT, ms=_ms_since(question.asked_at))

    def _answer(self, question: Question) -> SignalAnswer:
        """What another process was answered, or what the service answers now. Runs in a thread."""
        try:
            if shared := read_shared(question.key):
                known, seconds = shared
                self._answers.put(question.key, known, seconds=seconds)
                return _cached(known[0])
            if not self._breaker.allows(time.monotonic()):
                return SignalAnswer(ABSENT, cause=origins.BREAKER_OPEN)
            return self._fetch(question)
        except Exception:  # the edge of a thread: no error may fail the event
            logger.exception("the external signal %s could not be fetched", self.name)
            return SignalAnswer(ABSENT, cause=origins.ERROR)

    def _fetch(self, question: Question) -> SignalAnswer:
        began = time.monotonic()
        try:
            value = self._service.ask(question.body)
        except ServiceFailed as error:
            if not question.is_late:  # else its caller has counted the failure
                self._note_failure(error.cause)
            return SignalAnswer(ABSENT, cause=error.cause, ms=_ms_since(began))
        ms = _ms_since(began)
        if not question.is_late:
            self._note_success()
        known: Known = (value,)
        self._answers.put(question.key, known, seconds=self.signal.cache)
        write_shared(question.key, known, seconds=self.signal.cache)
        return SignalAnswer(FETCHED, value, _cause_of(value), ms)

    def _note_success(self) -> None:
        if self._breaker.succeeded():
            logger.warning("the service of %s answers again", self.name)
            process_reports.report(process_reports.SERVICE, self._reporter)

    def _note_failure(self, cause: str) -> None:
        if self._breaker.failed(time.monotonic()):
            logger.warning("the service of %s fails and is not asked for a moment: %s", self.name, cause)
            process_reports.report(process_reports.SERVICE, self._reporter, cause)

    @property
    def _reporter(self) -> str:
        return f"{self.name}/{socket.gethostname()}-{os.getpid()}"


@cache
def sources(event_type_name: str) -> tuple[Source, ...]:
    """The external signals of an event type."""
    kind = event_type(event_type_name)
    return tuple(Source(kind.name, signal) for signal in kind.external_signals.values())


def _cached(value: Canonical | None) -> SignalAnswer:
    return SignalAnswer(CACHED, value, _cause_of(value))


def _cause_of(value: Canonical | None) -> str:
    return "" if value is not None else origins.NO_VALUE


def _ms_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
