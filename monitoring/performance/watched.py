"""A model whose performance is measured, with all that its decisions are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.report import read_vocabularies
from monitoring.models import ModelWindow
from monitoring.performance.decided import DecidedEvents
from monitoring.performance.measuring import Judged
from monitoring.performance.promises import HeldOut, read_held_out
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.errors import ScoringError
from scoring.features.compile.plan import FeatureSet
from scoring.learning.jobs.usual_options import maturity_of, usual_options
from scoring.learning.policies.effect import terms_outcomes
from scoring.learning.policies.state import read_policy_state, thresholds_of
from scoring.registry.feature_sets import find_feature_set
from scoring.registry.models import ModelVersion
from scoring.registry.routes import current_routes
from scoring.rules.policies.policy import Terms

HISTORY = timedelta(weeks=26)  # that is measured and shown
BESIDES = ("reference", "metrics", "comparison", "checks")  # what is not read of versions


@dataclass(frozen=True)
class WatchedModel:
    """A version that decides events, or did so within HISTORY."""

    version: ModelVersion

    @property
    def name(self) -> str:
        return self.version.name

    @cached_property
    def kind(self) -> type[EventType]:
        return find_event_type(self.version.event_type)

    @cached_property
    def maturity(self) -> timedelta:
        """The age at which labels are known, as trainings take it."""
        try:
            return maturity_of(usual_options(self.version), catalog=self.kind.matures_after)
        except ScoringError:  # the options are refused now, which the page of triggers says
            return self.kind.matures_after

    @cached_property
    def held_out(self) -> HeldOut | None:
        return read_held_out(self.name)

    @cached_property
    def vocabularies(self) -> dict[str, list[str]]:
        return read_vocabularies(self.version.artifact)

    @cached_property
    def feature_set(self) -> FeatureSet | None:
        """The features that it reads; None if the code no longer declares them."""
        return find_feature_set(self.kind.name, self.vocabularies, self.version.feature_set)

    @cached_property
    def _thresholds(self) -> tuple[Terms, Mapping[str, float]]:
        return read_policy_state(self.kind).deciding().terms, thresholds_of(self.name)

    def flags(self, score: NDArray[np.float64], stake: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
        """By outcome but the mildest: the events that the live thresholds give it, or a more severe one.

        Those of the policy outside its segments, or of the model if the policy leaves them to it.
        """
        terms, of_model = self._thresholds
        outcomes, stakes = self.kind.outcomes, stake.astype(np.int64)
        given = terms_outcomes(terms, score=score, stake=stakes, of_model=of_model, outcomes=outcomes)
        return {name: given >= severity for severity, name in enumerate(outcomes) if severity}

    def judged(self, decided: DecidedEvents) -> Judged:
        """Decisions with the labels of their events."""
        return Judged(
            decided.score,
            decided.positive.astype(np.float64),
            decided.weight,
            decided.stake,
            self.flags(decided.score, decided.stake),
            ~decided.allowed,
        )

    @cached_property
    def promise(self) -> Judged | None:
        """The events that were held out at its training; None without them or with one class alone."""
        if self.held_out is None or not self.held_out.events.rarer:
            return None
        events, stake = self.held_out.events, self.held_out.stake
        flags = self.flags(events.score, stake)
        return Judged(events.score, events.positive.astype(np.float64), events.weight, stake, flags)


def watched_models(event_type: str, *, now: datetime) -> list[WatchedModel]:
    """The models of the type's route that decide, and those that decided within HISTORY, newest first."""
    names = set(deciding_models(event_type))
    windows = ModelWindow.objects.filter(event_type=event_type, start__gte=now - HISTORY)
    names |= set(windows.values_list("model", flat=True).distinct())
    versions = ModelVersion.objects.filter(name__in=names).defer(*BESIDES).order_by("-number")
    return [WatchedModel(version) for version in versions]


def deciding_models(event_type: str) -> list[str]:
    """The models of the type's route that decide for a share of its events, the champion first."""
    route = current_routes().get(event_type)
    arms = [arm for arm in route.arms if arm.role != "shadow"] if route else []
    return [arm.model for arm in sorted(arms, key=lambda arm: arm.role != "champion")]
