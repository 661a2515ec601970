"""What decides: today's rules, lists and policy, and what a change makes of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from scoring.catalog.registry import event_type as find_event_type
from scoring.rules.deciding.live_rules import CompiledRule, LiveRules, compile_rules
from scoring.rules.deciding.precedence import OUTCOME_OF_ACTION
from scoring.rules.deciding.ruleset import ruleset_at
from scoring.rules.expressions.compiling import CompiledExpression
from scoring.rules.expressions.operands import Operand
from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.policies.segments import LivePolicy, compile_policy
from scoring.rules.rules.book import NOTHING, LiveRule
from scoring.rules.rules.rule import RuleVersion
from scoring.rules.ruleset.life_cycle import ACTIVE


@dataclass(frozen=True, slots=True)
class ListEdit:
    """What changes on one list: `definition` as it becomes, and the keys of values `added` and `removed`."""

    definition: ListDefinition
    added: frozenset[bytes] = frozenset()
    removed: frozenset[bytes] = frozenset()
    archived: bool = False

    @property
    def outcome(self) -> str:
        return OUTCOME_OF_ACTION[self.definition.action]


@dataclass(frozen=True, slots=True, eq=False)
class TriedConfiguration:
    """What decides in a backtest. `version`: that of the ruleset.

    `policy`: None for the thresholds of the models. `edit`: of a list. `skipped`: active
    rules that this code cannot evaluate, and why.
    """

    version: int
    rules: tuple[CompiledRule, ...] = ()
    policy: LivePolicy | None = None
    edit: ListEdit | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def expressions(self) -> list[CompiledExpression]:
        conditions = self.policy.conditions if self.policy else ()
        return [*(rule.expression for rule in self.rules), *(condition for _, condition in conditions)]

    def with_rule(self, rule: CompiledRule) -> "TriedConfiguration":
        """With this version in place of any other version of its rule."""
        others = tuple(each for each in self.rules if each.version.name != rule.version.name)
        return replace(self, rules=(*others, rule))


def operands_in(configurations: Iterable[TriedConfiguration]) -> list[Operand]:
    """Every operand that their expressions read, once."""
    found = {
        name: operand
        for each in configurations
        for expression in each.expressions
        for name, operand in expression.operands.items()
    }
    return list(found.values())


def configuration_at(version: int, event_type: str) -> TriedConfiguration:
    """What decides events of a type at a version of the ruleset."""
    ruleset = ruleset_at(version)
    live = [each for each in ruleset.rules.live(event_type) if each.stage == ACTIVE]
    compiled = compile_rules(find_event_type(event_type), live)
    policy = ruleset.policies.active(event_type)
    return TriedConfiguration(
        version=version,
        rules=compiled.rules,
        policy=compile_policy(policy) if policy else None,
        skipped={each.name: each.error for each in compiled.broken},
    )


def compile_as_active(version: RuleVersion, *, ruleset: int) -> LiveRules:
    """A version of a rule as if it were active, with the suppressions of its rule."""
    suppressed = ruleset_at(ruleset).rules.suppressed.get(version.rule, NOTHING)
    return compile_rules(find_event_type(version.event_type), [LiveRule(version, ACTIVE, suppressed)])
