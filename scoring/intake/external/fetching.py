"""Fetches the external signals of events in parallel, each within its time limit.

Nothing here fails a request or delays it further: a value that is not there in time is missing, with its
cause in the receipt.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoring.catalog.event_type import ParsedFields
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Canonical
from scoring.catalog.registry import event_type
from scoring.intake.external import origins
from scoring.intake.external.cache import cache_key
from scoring.intake.external.origins import ABSENT, KEPT, SignalAnswer
from scoring.intake.external.service import MAX_CONNECTIONS
from scoring.intake.external.source import Question, Source, sources
from scoring.log import vault
from scoring.signals.telemetry import telemetry

LIST_SECONDS = 2.0  # what a list of events waits for all its signals together

Questions = dict[str, tuple[Source, Question]]  # by key: equal questions are asked once


@dataclass(slots=True)
class Asked:
    """For one event: the keys of its questions, and answers that needed none, by signal."""

    keys: dict[str, str] = field(default_factory=dict)
    answers: dict[str, SignalAnswer] = field(default_factory=dict)


def add_external_signals(
    events: Sequence[ParsedFields], *, earlier: Mapping[str, Any] | None = None
) -> list[ParsedFields]:
    """The events with the answers of their external signals.

    `earlier`: of a corrected event, the data of the version before, whose values are kept where the same
    would be sent again.
    """
    if not any(event_type(each.event_type).external_signals for each in events):
        return list(events)
    began = time.monotonic()
    with telemetry.stage("external", events=len(events)):
        questions: Questions = {}
        asked = [_ask(each, questions, earlier) for each in events]
        found = _answers(questions, began=began)
    return [_with_answers(each, one, found) for each, one in zip(events, asked, strict=True)]


def _ask(event: ParsedFields, questions: Questions, earlier: Mapping[str, Any] | None) -> Asked:
    asked = Asked()
    for source in sources(event.event_type):
        name, body = source.signal.name, source.signal.body(event.fields)
        if earlier is not None and _sends_the_same(source.signal, event, earlier):
            asked.answers[name] = _kept(name, earlier)
        elif body is None:
            asked.answers[name] = SignalAnswer(ABSENT, cause=origins.NOTHING_TO_SEND)
        else:
            asked.keys[name] = key = cache_key(source.signal, body)
            if key not in questions:
                questions[key] = (source, source.ask(key, body))
    return asked


def _answers(questions: Questions, *, began: float) -> dict[str, SignalAnswer]:
    """The answers by key. Those with the shortest time limits come first, so that none waits for another."""
    at_once = _all_at_once(source for source, _ in questions.values())
    by_limit = sorted(questions.items(), key=lambda item: item[1][0].signal.timeout)
    return {
        key: source.answer_by(question, began + (source.signal.timeout if at_once else LIST_SECONDS))
        for key, (source, question) in by_limit
    }


def _all_at_once(asked: Iterable[Source]) -> bool:
    """Whether every question has a connection of its own, so that none waits for others to end."""
    return max(Counter(source.name for source in asked).values(), default=0) <= MAX_CONNECTIONS


def _with_answers(event: ParsedFields, asked: Asked, found: Mapping[str, SignalAnswer]) -> ParsedFields:
    answers = asked.answers | {name: found[key] for name, key in asked.keys.items()}
    if not answers:
        return event
    values = {name: answer.value for name, answer in answers.items() if answer.value is not None}
    signals = event.signals._replace(
        values={**event.signals.values, **values},
        external={name: answer.logged() for name, answer in answers.items()},
    )
    return replace(event, signals=signals)


def _sends_the_same(signal: ExternalSignal, event: ParsedFields, earlier: Mapping[str, Any]) -> bool:
    """Whether the version before was asked with the same values, and answered."""
    before = earlier.get("external", {}).get(signal.name)
    if before is None or before["origin"] == ABSENT:
        return False
    return all(_as_logged(event, each.name) == earlier["fields"].get(each.name) for each in signal.send)


def _as_logged(event: ParsedFields, name: str) -> Canonical | None:
    value = event.fields.get(name)
    return vault.digest_of(name, str(value)) if value is not None and name in event.personal else value


def _kept(name: str, earlier: Mapping[str, Any]) -> SignalAnswer:
    value = earlier.get("signals", {}).get(name)
    return SignalAnswer(KEPT, value, "" if value is not None else origins.NO_VALUE)
