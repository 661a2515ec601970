"""The rules, lists and hash banks that are in use now, with since when."""

from dataclasses import dataclass
from datetime import datetime

from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.banks.definitions import outcome_asked
from scoring.rules.banks.kinds import carries_media
from scoring.rules.banks.models import Bank
from scoring.rules.deciding.precedence import OUTCOME_OF_ACTION
from scoring.rules.lists.kinds import listable_fields
from scoring.rules.lists.models import ValueList
from scoring.rules.quality.report import RuleKey
from scoring.rules.rules.models import StoredRuleVersion
from scoring.rules.ruleset.life_cycle import ACTIVE, LIVE


@dataclass(frozen=True, slots=True)
class LiveSubject:
    """A rule, list or bank in use. `since`: when it got its present stage."""

    key: RuleKey
    outcome: str
    number: int
    since: datetime


def live_subjects(event_type: str) -> list[LiveSubject]:
    """The active and shadow versions of rules, and the lists and banks that events are looked up in."""
    return [*_rules(event_type), *_lists(event_type), *_banks(event_type)]


def _rules(event_type: str) -> list[LiveSubject]:
    versions = StoredRuleVersion.objects.filter(event_type=event_type, stage__in=LIVE).order_by("name")
    return [
        LiveSubject(
            RuleKey("rule", each.name, each.stage),
            each.outcome,
            each.number,
            each.staged_at or each.drafted_at,
        )
        for each in versions
    ]


def _lists(event_type: str) -> list[LiveSubject]:
    kinds = {field.kind for _, field in listable_fields(event_type)}
    rows = ValueList.objects.filter(archived_at=None, kind__in=kinds).order_by("name")
    return [
        LiveSubject(RuleKey("list", row.name, ACTIVE), OUTCOME_OF_ACTION[row.action], 0, row.defined_at)
        for row in rows
    ]


def _banks(event_type: str) -> list[LiveSubject]:
    kind = find_event_type(event_type)
    if not carries_media(kind):
        return []
    return [
        LiveSubject(
            RuleKey("bank", row.name, ACTIVE), outcome_asked(row.action, kind.outcomes), 0, row.defined_at
        )
        for row in Bank.objects.filter(archived_at=None).order_by("name")
    ]
