"""The features of an event type as the catalogue lists them: with figures, to filter and to sort."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.drift.distance import State
from monitoring.drift.report import FeatureDrift
from monitoring.feature_pages.health import MORE_MISSING, Checked, Live
from monitoring.feature_pages.model_usage import ModelUse, Weight, users_of
from scoring.features.compile.specs import FeatureSpec, entities_read, windows_read
from scoring.sentences.feature_descriptions import describe_feature

NEEDS_A_LOOK = "attention"


@dataclass(frozen=True)
class FeatureRow:
    """A feature. `drift` and `weight` are of the first live model that reads it and has decided something.

    `model` names that one, "" where none has; `sets` are the numbers of the sets that have the feature.
    """

    spec: FeatureSpec
    meaning: str
    model: str
    drift: FeatureDrift | None
    weight: Weight | None
    checked: Checked
    sets: list[int]
    users: list[ModelUse]

    @property
    def entities(self) -> list[str]:
        """The entities whose states it reads, by itself or in what it is computed from."""
        return entities_read(self.spec)

    @property
    def windows(self) -> list[str]:
        """The windows that it covers."""
        return windows_read(self.spec)

    @property
    def moved(self) -> bool:
        return self.drift is not None and self.drift.drift.state.has_moved

    @property
    def more_missing(self) -> bool:
        """Whether it is missing noticeably more often than in training."""
        return self.drift is not None and self.drift.now.missing > self.drift.then.missing + MORE_MISSING

    @property
    def inconsistent(self) -> bool:
        return self.checked.mismatched > 0

    @property
    def live_users(self) -> list[ModelUse]:
        return [model for model in self.users if model.live]

    @property
    def troubles(self) -> int:
        """How many things are wrong with it, the graver ones weighing more."""
        shifted = self.drift is not None and self.drift.drift.state is State.SHIFTED
        return 8 * self.inconsistent + 4 * shifted + 2 * self.more_missing + self.moved


STATES: Mapping[str, tuple[str, Callable[[FeatureRow], bool]]] = {
    NEEDS_A_LOOK: ("that need a look", lambda row: row.troubles > 0),
    "drifted": ("that have moved", lambda row: row.moved),
    "missing": ("missing more often", lambda row: row.more_missing),
    "inconsistent": ("not reproduced", lambda row: row.inconsistent),
    "unused": ("no live model reads", lambda row: not row.live_users),
}
# By column: what it is sorted by, the most telling first.
SORTS: Mapping[str, Callable[[FeatureRow], Any]] = {
    "attention": lambda row: (-row.troubles, -_psi(row)),
    "name": lambda row: row.spec.name,
    "psi": lambda row: -_psi(row),
    "missing": lambda row: -(row.drift.now.missing if row.drift else -1.0),
    "consistency": lambda row: (-(row.checked.share or 0.0), -row.checked.compared),
    "weight": lambda row: -(row.weight.mean if row.weight else -1.0),
}


def _psi(row: FeatureRow) -> float:
    return row.drift.drift.psi if row.drift is not None and row.drift.compared else -1.0


@dataclass(frozen=True)
class Choice:
    """What is asked of the list: words, a kind, an entity, a state (a key of STATES), an order (of SORTS)."""

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
    live: Sequence[Live],
    models: Sequence[ModelUse],
    checked: Mapping[str, Checked],
    sets_of: Mapping[str, list[int]],
) -> list[FeatureRow]:
    """A row for each feature, in the order of `specs`."""
    return [
        _row(spec, live=live, models=models, checked=checked.get(name, Checked()), sets=sets_of.get(name, []))
        for name, spec in specs.items()
    ]


def _row(
    spec: FeatureSpec,
    *,
    live: Sequence[Live],
    models: Sequence[ModelUse],
    checked: Checked,
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


def choose(rows: Sequence[FeatureRow], choice: Choice) -> list[FeatureRow]:
    """The rows that are asked for, in the order that is asked for; as declared without one."""
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
