"""Rules and their versions as stored. Raises the room's errors for those that do not exist."""

from scoring.rules.rules.errors import UnknownRule, UnknownRuleVersion
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.rules.rules.projections import rule_key, version_key
from scoring.rules.rules.rule import RuleVersion


def find_rule(event_type: str, name: str) -> Rule:
    """The rule of this name. Raises UnknownRule, naming those there are."""
    rule = Rule.objects.filter(pk=rule_key(event_type, name)).first()
    if rule is None:
        known = Rule.objects.filter(event_type=event_type).order_by("name").values_list("name", flat=True)
        raise UnknownRule(event_type=event_type, name=name, known=list(known))
    return rule


def find_rule_version(event_type: str, name: str, number: int) -> StoredRuleVersion:
    """A version of a rule. Raises UnknownRule, UnknownRuleVersion."""
    found = StoredRuleVersion.objects.filter(pk=version_key(event_type, name, number)).first()
    if found is None:
        newest = find_rule(event_type, name).newest
        raise UnknownRuleVersion(event_type=event_type, name=name, number=number, newest=newest)
    return found


def version_from(stored: StoredRuleVersion) -> RuleVersion:
    """The version as drafted, without its stage."""
    return RuleVersion(
        event_type=stored.event_type,
        name=stored.name,
        number=stored.number,
        expression=stored.expression,
        outcome=stored.outcome,
        code=stored.code,
        sentence=stored.sentence,
        description=stored.description,
        share=stored.share,
        unit=stored.unit,
        overrides_lists=stored.overrides_lists,
    )
