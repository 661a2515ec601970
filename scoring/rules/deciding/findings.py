"""Find what lists, hash banks and rules say about events: hits, matching rules, and rules that failed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from scoring.catalog.event_type import EventType
from scoring.log import vault
from scoring.rules.banks.definitions import BankDefinition, BankDefinitions, outcome_asked
from scoring.rules.banks.kinds import media_field
from scoring.rules.banks.search.hits import VIDEO, BankHit, media_of
from scoring.rules.banks.search.stored_videos import read_frames
from scoring.rules.deciding.configuration import Configuration
from scoring.rules.deciding.live_rules import LiveRules, RuleAnswers, RuleError
from scoring.rules.deciding.precedence import OUTCOME_OF_ACTION, Finding
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.expressions.rewriting import ANY_FILE, Lookup
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
    """The findings on an event, lists first, then banks, and the rules that failed on it.

    `hits`: the (field, list) in which its values are, and (ANY_FILE, bank) of the banks that its files match.
    """

    findings: tuple[Finding, ...] = ()
    errors: tuple[RuleError, ...] = ()
    hits: frozenset[Lookup] = frozenset()


def find(facts: Sequence[Facts], configuration: Configuration, *, now: datetime) -> list[Found]:
    """What the lists and banks in memory and the live rules say about each event at `now`."""
    lists, name = configuration.lists, configuration.kind.name
    fields = [each.event["fields"] for each in facts]
    revealed = reveal_values(fields, lists.fields_to_reveal(name))
    return judge_all(
        facts,
        lists.hits_of(name, fields, revealed=revealed, now=now),
        banked=[find_in_banks(each.event, configuration, now=now) for each in facts],
        definitions=lists.definitions,
        rules=configuration.rules,
        now=now,
    )


def find_in_banks(
    event: Mapping[str, Any], configuration: Configuration, *, now: datetime
) -> tuple[Finding, ...]:
    """What the banks in memory say about an event (data of its receipt or a later version) at `now`."""
    banks = configuration.banks
    if not banks.tables or not event.get("media"):
        return ()
    hits = banks.hits(media_of(event), now, read_frames=read_frames)
    return bank_findings(hits, banks.definitions, kind=configuration.kind)


def judge(
    facts: Facts,
    hits: Sequence[ListHit],
    *,
    banked: tuple[Finding, ...] = (),
    definitions: Definitions,
    rules: LiveRules,
    now: datetime,
) -> Found:
    """As `judge_all` for one event."""
    return judge_all([facts], [hits], banked=[banked], definitions=definitions, rules=rules, now=now)[0]


def judge_all(
    facts: Sequence[Facts],
    hits: Sequence[Sequence[ListHit]],
    *,
    banked: Sequence[tuple[Finding, ...]],
    definitions: Definitions,
    rules: LiveRules,
    now: datetime,
) -> list[Found]:
    """What given hits on lists, findings of banks (`banked`) and the live rules say about each event."""
    looked_up = [_lookups(*found) for found in zip(hits, banked, strict=True)]
    answers = rules.ask([_values(*each) for each in zip(facts, looked_up, strict=True)], now=now)
    return [_found(*each, definitions) for each in zip(hits, banked, answers, looked_up, strict=True)]


def _lookups(hits: Sequence[ListHit], banked: Sequence[Finding]) -> frozenset[Lookup]:
    if not hits and not banked:
        return NO_LOOKUPS
    return frozenset([*((hit.field, hit.list) for hit in hits), *map(lookup_of, banked)])


def _values(facts: Facts, looked_up: frozenset[Lookup]) -> EventValues:
    event = facts.event
    return EventValues(
        event["fields"],
        event["source"],
        event.get("signals") or NOTHING,
        facts.features,
        facts.score,
        looked_up,
    )


def _found(
    hits: Sequence[ListHit],
    banked: tuple[Finding, ...],
    answers: RuleAnswers,
    looked_up: frozenset[Lookup],
    definitions: Definitions,
) -> Found:
    if not looked_up and not answers.findings and not answers.errors:
        return NOTHING_FOUND
    listed = tuple(finding_of(hit, definitions) for hit in hits)
    return Found(listed + banked + answers.findings, answers.errors, looked_up)


NOTHING: Mapping[str, Any] = MappingProxyType({})
NO_LOOKUPS: frozenset[Lookup] = frozenset()
NOTHING_FOUND = Found()


def lookup_of(finding: Finding) -> Lookup:
    """What expressions look a finding of a list or bank up as."""
    return (ANY_FILE if finding.kind == "bank" else finding.field, finding.name)


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


def bank_findings(
    hits: Iterable[BankHit], definitions: BankDefinitions, *, kind: type[EventType]
) -> tuple[Finding, ...]:
    """Hits in banks as findings, on an event of this type."""
    return tuple(_bank_finding(hit, definitions[hit.bank], kind) for hit in hits)


def _bank_finding(hit: BankHit, definition: BankDefinition, kind: type[EventType]) -> Finding:
    return Finding(
        kind="bank",
        name=hit.bank,
        number=hit.added,
        outcome=outcome_asked(definition.action, kind.outcomes),
        code=definition.code,
        text=_sentence(hit, definition),
        field=media_field(kind),
        distance=hit.distance,
        item=hit.item,
        media=hit.media,
        policy=definition.policy,
        match=hit.match,
        query_share=hit.query_share,
        known_share=hit.known_share,
    )


def _sentence(hit: BankHit, definition: BankDefinition) -> str:
    """The reason of a match; of two videos with both shares."""
    if hit.match != VIDEO:
        return definition.sentence
    shares = shares_text(hit.query_share, hit.known_share)
    return f"{definition.sentence.removesuffix('.')} ({shares})"


def shares_text(query_share: float, known_share: float) -> str:
    """The shares of two videos in words, in whole percent.

    >>> shares_text(0.82, 0.64)
    "82% of this video's frames, 64% of the known one's"
    """
    return f"{query_share:.0%} of this video's frames, {known_share:.0%} of the known one's"


def reveal_values(fields: Iterable[Fields], names: Sequence[str]) -> dict[str, str]:
    """The raw values of personal fields by digest, in one query; none if no list needs any."""
    if not names:
        return {}
    digests = {digest for each in fields for digest in digests_of(each, names)}
    return vault.reveal(digests) if digests else {}
