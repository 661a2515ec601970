"""Decide an event without recording anything, by the code that decides live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scoring.catalog.registry import event_type, scored_type
from scoring.decisions.engine import decide, decide_one, models_to_ask
from scoring.decisions.facts import facts_of
from scoring.decisions.predictions.deciding_models import DecidingModels, load_deciding_models
from scoring.decisions.predictions.model_answers import ModelAnswer, ask_models
from scoring.decisions.simulation.folding import FoldedEvent, fold_event
from scoring.registry.routes import current_routes
from scoring.rules.banks.search.lookup import NO_BANK_HITS, BankHits
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.findings import Facts, Found, bank_findings, judge
from scoring.rules.deciding.guards import read_guards
from scoring.rules.deciding.rules_at import rules_at
from scoring.rules.deciding.ruleset import Ruleset, ruleset_at
from scoring.rules.lists.hits import ListHit
from scoring.rules.lists.index import NO_LISTS
from scoring.rules.policies.segments import compile_policy


@dataclass(frozen=True, slots=True)
class Simulated:
    """The decision that an event would get now: the data of its entry, and what led to it.

    `facts` are what rules read; `hits`, `banked` and `found` what lists, banks and rules said about it.
    """

    event: Mapping[str, Any]
    decision: Mapping[str, Any]
    folded: FoldedEvent
    answer: ModelAnswer
    facts: Facts
    hits: Sequence[ListHit]
    banked: BankHits
    found: Found
    configuration: Configuration | None
    ruleset: Ruleset


def simulate(
    event: Mapping[str, Any],
    hits: Sequence[ListHit],
    *,
    banked: BankHits = NO_BANK_HITS,
    version: int,
    now: datetime,
    texts: Mapping[str, str] | None = None,
) -> Simulated:
    """Decide an event (data of a receipt) as if it had been received now, under a version of the ruleset.

    `hits`: its values on the lists of that version; `banked`: its files that match banks of that version;
    `texts`: the texts that models read, by digest. Nothing is written. Raises UnknownEventType,
    EventTypeNotScored, SimulationUnavailable.
    """
    kind = scored_type(event["type"])
    folded = fold_event(event, ruleset=version, now=now, texts=texts)
    deciding = load_deciding_models(kind.name, current_routes().get(kind.name))
    ruleset = ruleset_at(version)
    if not version:
        return _without_ruleset(event, folded, deciding, ruleset, now=now)
    configuration = configure(ruleset, kind.name)
    policy = configuration.policy.policy if configuration.policy else None
    deciding = models_to_ask(deciding, configuration)
    [answer] = ask_models([folded.scored], deciding=deciding, policy=policy)
    facts = facts_of(answer, configuration.features)
    found = judge(
        facts,
        hits,
        banked=bank_findings(banked.hits, ruleset.banks, kind=kind),
        definitions=ruleset.lists,
        rules=configuration.rules,
        now=now,
    )
    decided = decide_one(
        answer,
        facts,
        found,
        configuration=configuration,
        guards=read_guards([kind.name], ruleset, lane=kind.lane, cursor=folded.head.cursor, now=now),
        deciding=deciding,
        now=now,
    )
    decision = decided.entry.data
    return Simulated(event, decision, folded, answer, facts, hits, banked, found, configuration, ruleset)


def _without_ruleset(
    event: Mapping[str, Any],
    folded: FoldedEvent,
    deciding: DecidingModels,
    ruleset: Ruleset,
    *,
    now: datetime,
) -> Simulated:
    [answer] = ask_models([folded.scored], deciding=deciding)
    [decided] = decide([folded.scored], deciding=deciding, now=now)
    nothing = (Facts(event), (), NO_BANK_HITS, Found(), None)
    return Simulated(event, decided.entry.data, folded, answer, *nothing, ruleset)


def configure(ruleset: Ruleset, type_name: str) -> Configuration:
    """What a ruleset configures for an event type, for a process that keeps no lists and banks in memory."""
    policy = ruleset.policies.active(type_name)
    exploration = ruleset.explorations.get(type_name)
    return Configuration(
        version=ruleset.version,
        kind=event_type(type_name),
        lists=NO_LISTS,
        rules=rules_at(ruleset.version, type_name),
        policy=compile_policy(policy) if policy else None,
        exploration=exploration if exploration and exploration.is_on else None,
        breaker=ruleset.breakers.settings_of(type_name),
        rules_only=type_name in ruleset.rules_only,
    )
