"""All policies as the first entries of the ruleset leave them: a pure fold, without a database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from scoring.rules.policies.policy import Policy
from scoring.rules.ruleset.life_cycle import ACTIVE, DRAFT, SHADOW

Data = Mapping[str, Any]
PolicyName = tuple[str, int]  # the event type, the policy's number


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every version of every policy, and the stage of each."""

    versions: Mapping[PolicyName, Policy] = field(default_factory=dict)
    stages: Mapping[PolicyName, str] = field(default_factory=dict)

    def after(self, entry_type: str, data: Data) -> "PolicyBook":
        """The policies after one more entry of the ruleset; unchanged by entries about anything else."""
        fold = _FOLDS.get(entry_type)
        return fold(self, data) if fold else self

    def active(self, event_type: str) -> Policy | None:
        """The policy that decides events of this type; None while models' own thresholds do."""
        return self._in_stage(event_type, ACTIVE)

    def shadow(self, event_type: str) -> Policy | None:
        """The policy in shadow, which decides nothing."""
        return self._in_stage(event_type, SHADOW)

    def _in_stage(self, event_type: str, stage: str) -> Policy | None:
        numbers = [name for name, now in self.stages.items() if name[0] == event_type and now == stage]
        return self.versions[numbers[0]] if numbers else None


def _drafted(book: PolicyBook, data: Data) -> PolicyBook:
    policy = Policy.of(data)
    name = (policy.event_type, policy.number)
    return replace(book, versions={**book.versions, name: policy}, stages={**book.stages, name: DRAFT})


def _staged(book: PolicyBook, data: Data) -> PolicyBook:
    name = (data["event_type"], data["number"])
    return replace(book, stages={**book.stages, name: data["stage"]})


_FOLDS: Final[dict[str, Callable[[PolicyBook, Data], PolicyBook]]] = {
    "policy.drafted": _drafted,
    "policy.staged": _staged,
}
