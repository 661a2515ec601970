"""The rows of the feature list, with filters and sort orders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.drift.distance import State
from monitoring.drift.report import FeatureDrift
from monitoring.feature_pages.health import MORE_MISSING, ConsistencyCheck, LiveModel
from monitoring.feature_pages.model_usage import ModelUse, users_of
from monitoring.windows.feature_weights import Weight
from scoring.features.compile.specs import FeatureSpec, entities_read, windows_read
from scoring.sentences.feature_descriptions import describe_feature

NEEDS_ATTENTION = "attention"


@dataclass(frozen=True)
class FeatureRow:
    """A feature. `drift` and `weight` are from `model`, the first live model with decisions that reads it.

    `model` is "" if there is none; `sets` are the numbers of the sets that contain the feature.
    """

    spec: FeatureSpec
    meaning: str
    model: str
    drift: FeatureDrift | None
    weight: Weight | None
    checked: ConsistencyCheck
    sets: list[int]
    users: list[ModelUse]

    @property
    def entities(self) -> list[str]:
        """The entities whose states it reads, directly or through its inputs."""
        return entities_read(self.spec)

    @property
    def windows(self) -> list[str]:
        """Its time windows."""
        return windows_read(self.spec)

    @property
    def moved(self) -> bool:
        return self.drift is not None and self.drift.drift.state.has_moved

    @property
    def more_missing(self) -> bool:
        """Whether it is missing more often than in training, by more than `MORE_MISSING`."""
        return self.drift is not None and self.drift.now.missing > self.drift.then.missing + MORE_MISSING

    @property
    def inconsistent(self) -> bool:
        return self.checked.mismatched > 0

    @property
    def live_users(self) -> list[ModelUse]:
        return [model for model in self.users if model.live]

    @property
    def problems(self) -> int:
        """Its problems as a number: severe ones weigh more."""
        shifted = self.drift is not None and self.drift.drift.state is State.SHIFTED
        return 8 * self.inconsistent + 4 * shifted + 2 * self.more_missing + self.moved


STATES: Mapping[str, tuple[str, Callable[[FeatureRow], bool]]] = {
    NEEDS_ATTENTION: ("with problems", lambda row: row.problems > 0),
    "drifted": ("drifted", lambda row: row.moved),
    "missing": ("missing more often", lambda row: row.more_missing),
    "inconsistent": ("not reproduced", lambda row: row.inconsistent),
    "unused": ("unused by live models", lambda row: not row.live_users),
}
# Sort order -> key; the most relevant first.
SORTS: Mapping[str, Callable[[FeatureRow], Any]] = {
    "attention": lambda row: (-row.problems, -_psi(row)),
    "name": lambda row: row.spec.name,
    "psi": lambda row: -_psi(row),
    "missing": lambda row: -(row.drift.now.missing if row.drift else -1.0),
    "consistency": lambda row: (-(row.checked.share or 0.0), -row.checked.compared),
    "weight": lambda row: -(row.weight.mean if row.weight else -1.0),
}


def _psi(row: FeatureRow) -> float:
    return row.drift.drift.psi if row.drift is not None and row.drift.compared else -1.0


@dataclass(frozen=True)
class FeatureFilter:
    """The filter of the list: words, a kind, an entity, a state (a key of STATES) and an order (of SORTS)."""

    text: str = ""
    kind: str = ""
    entity: str = ""
    state: str = ""
    sort: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.kind or self.entity or self.state)


def make_rows(
    specs: Mapping[str, FeatureSpec],
    *,
    live: Sequence[LiveModel],
    models: Sequence[ModelUse],
    checked: Mapping[str, ConsistencyCheck],
    sets_of: Mapping[str, list[int]],
) -> list[FeatureRow]:
    """A row for each feature, in the order of `specs`."""
    return [
        _row(
            spec,
            live=live,
            models=models,
            checked=checked.get(name, ConsistencyCheck()),
            sets=sets_of.get(name, []),
        )
        for name, spec in specs.items()
    ]


def _row(
    spec: FeatureSpec,
    *,
    live: Sequence[LiveModel],
    models: Sequence[ModelUse],
    checked: ConsistencyCheck,
    sets: list[int],
) -> FeatureRow:
    seen = next((each for each in live if spec.name in each.drifts), None)
    return FeatureRow(
        spec=spec,
        meaning=describe_feature(spec),
        model=seen.model.name if seen else "",
        drift=seen.drifts[spec.name] if seen else None,
        weight=seen.weights.get(spec.name) if seen else None,
        checked=checked,
        sets=sets,
        users=users_of(spec.name, models),
    )


def choose(rows: Sequence[FeatureRow], choice: FeatureFilter) -> list[FeatureRow]:
    """The matching rows in the chosen order, or in declaration order."""
    words = choice.text.lower().split()
    found = [
        row
        for row in rows
        if all(word in _searched(row) for word in words)
        and choice.kind in ("", row.spec.kind)
        and (not choice.entity or choice.entity in row.entities)
        and (choice.state not in STATES or STATES[choice.state][1](row))
    ]
    return sorted(found, key=SORTS[choice.sort]) if choice.sort in SORTS else found


def _searched(row: FeatureRow) -> str:
    spec = row.spec
    return " ".join((spec.name, row.meaning, spec.kind, *row.entities, *row.windows)).lower()
