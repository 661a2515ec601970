"""Find what lists and rules say about events: hits, tags, matching rules, and rules that failed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.log import vault
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.live_rules import LiveRules, RuleError
from scoring.rules.deciding.precedence import OUTCOME_OF_ACTION, Finding
from scoring.rules.expressions.rewriting import Lookup
from scoring.rules.lists.definitions import Definitions
from scoring.rules.lists.hits import ListHit
from scoring.rules.lists.keys import digests_of

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an event when it is decided.

    `event`: the data of its receipt or correction. `features`: by name, those that rules and policy read, as
    far as they are known. `score`: None without a model.
    """

    event: Mapping[str, Any]
    features: Mapping[str, float | None] = field(default_factory=dict)
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The findings on an event, lists first, and the rules that failed on it.

    `hits`: the (field, list) in which its values are.
    """

    findings: tuple[Finding, ...] = ()
    errors: tuple[RuleError, ...] = ()
    hits: frozenset[Lookup] = frozenset()


def find(facts: Sequence[Facts], configuration: Configuration, *, now: datetime) -> list[Found]:
    """What the lists in memory and the live rules say about each event at `now`."""
    lists, name = configuration.lists, configuration.kind.name
    revealed = reveal_values([each.event["fields"] for each in facts], lists.fields_to_reveal(name))
    found = []
    for each in facts:
        keys = lists.keys_of(name, each.event["fields"], revealed=revealed)
        hits = lists.hits(keys, now) if keys else []
        found.append(judge(each, hits, definitions=lists.definitions, rules=configuration.rules, now=now))
    return found


def judge(
    facts: Facts, hits: Sequence[ListHit], *, definitions: Definitions, rules: LiveRules, now: datetime
) -> Found:
    """What given hits on lists and the live rules say about an event."""
    looked_up = frozenset((hit.field, hit.list) for hit in hits)
    answers = rules.ask(
        facts.event,
        features=facts.features,
        score=facts.score,
        hits=looked_up,
        now=now,
    )
    if not hits and not answers.findings and not answers.errors:
        return NOTHING_FOUND
    listed = tuple(finding_of(hit, definitions) for hit in hits)
    return Found(listed + answers.findings, answers.errors, looked_up)


NOTHING_FOUND = Found()


def finding_of(hit: ListHit, definitions: Definitions) -> Finding:
    """A hit as a finding; `number` is the version of the ruleset that listed the value."""
    definition = definitions[hit.list]
    return Finding(
        kind="list",
        name=hit.list,
        number=hit.added,
        outcome=OUTCOME_OF_ACTION[hit.action],
        code=definition.code,
        text=definition.sentence,
        field=hit.field,
    )


def reveal_values(fields: Iterable[Fields], names: Sequence[str]) -> dict[str, str]:
    """The raw values of personal fields by digest, in one query; none if no list needs any."""
    if not names:
        return {}
    digests = {digest for each in fields for digest in digests_of(each, names)}
    return vault.reveal(digests) if digests else {}
