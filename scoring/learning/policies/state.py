"""Everything that the pages of an event type's policy read, in a few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from scoring.catalog.event_type import EventType
from scoring.learning.policies.comparing import Comparison
from scoring.learning.policies.judged import read_judged_events
from scoring.learning.policies.sampled_segments import MAX_SEGMENTED
from scoring.learning.policies.sampling.stored import SIZE
from scoring.registry.errors import ArtifactCorrupt, ArtifactMissing, UnknownModel
from scoring.registry.model_versions import champion_of, describe_model
from scoring.rules.policies.costs import Costs
from scoring.rules.policies.models import PolicyInUse, StoredPolicy
from scoring.rules.policies.policy import MODEL, Policy, Terms
from scoring.rules.policies.stored import policy_from


class StoredThresholds(NamedTuple):
    """The thresholds that are stored with a model, and with its heads by content policy."""

    of_model: Mapping[str, float]
    of_heads: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class PolicyState:
    """The policy of an event type: its versions by number, those in use, and the champion's thresholds.

    `in_use` is None before the first draft; `of_model` is empty and `champion` "" without a champion.
    `of_heads`: the thresholds stored with the champion's heads, by content policy.
    """

    kind: type[EventType]
    in_use: PolicyInUse | None
    versions: Mapping[int, StoredPolicy] = field(default_factory=dict)
    champion: str = ""
    of_model: Mapping[str, float] = field(default_factory=dict)
    of_heads: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        return self.in_use.newest if self.in_use else 0

    @property
    def active(self) -> StoredPolicy | None:
        return self._version(self.in_use.active if self.in_use else None)

    @property
    def shadow(self) -> StoredPolicy | None:
        return self._version(self.in_use.shadow if self.in_use else None)

    @property
    def requested(self) -> StoredPolicy | None:
        return self._version(self.in_use.requested if self.in_use else None)

    def deciding(self) -> Policy:
        """The active policy, or the one by the model's thresholds that decides without one."""
        return policy_from(self.active) if self.active else Policy(self.kind.name, 0, Terms(MODEL))

    def costs(self) -> Costs | None:
        """The costs of the active policy, else of the newest version that has some."""
        ordered = [self.active, *sorted(self.versions.values(), key=lambda each: -each.number)]
        policies = (policy_from(version) for version in ordered if version)
        return next((policy.terms.costs for policy in policies if policy.terms.costs), None)

    def comparison(self, policies: Sequence[Policy], *, now: datetime) -> Comparison | None:
        """What these policies are compared on; None without judged events or without a model."""
        size = MAX_SEGMENTED if any(policy.segments for policy in policies) else SIZE
        events = read_judged_events(self.kind.name, now=now, size=size)
        if events is None or not self.of_model:
            return None
        return Comparison(self.kind, events, self.of_model, self.costs())

    def _version(self, number: int | None) -> StoredPolicy | None:
        return None if number is None else self.versions[number]


def read_policy_state(kind: type[EventType]) -> PolicyState:
    """The state of an event type's policy now."""
    versions = StoredPolicy.objects.filter(event_type=kind.name).order_by("-number")
    champion = champion_of(kind.name) or ""
    stored = stored_thresholds(champion) if champion else StoredThresholds({}, {})
    return PolicyState(
        kind=kind,
        in_use=PolicyInUse.objects.filter(pk=kind.name).first(),
        versions={version.number: version for version in versions},
        champion=champion,
        of_model=stored.of_model,
        of_heads=stored.of_heads,
    )


def thresholds_of(model: str) -> Mapping[str, float]:
    """The thresholds stored with a model; empty if its artifact cannot be read."""
    return stored_thresholds(model).of_model


def stored_thresholds(model: str) -> StoredThresholds:
    """The thresholds stored with a model and with its heads; none if its artifact cannot be read."""
    try:
        described = describe_model(model)
    except (UnknownModel, ArtifactMissing, ArtifactCorrupt):
        return StoredThresholds({}, {})
    heads = {name: head.thresholds for name, head in described.spec.heads.items()}
    return StoredThresholds(described.thresholds, heads)
