"""What is known of an event type's champion: drift, matured events, new labels, changes of its recipe."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection

from monitoring.drift.report import (
    DriftReport,
    compare,
    feature_specs,
    read_vocabularies,
    read_windows,
    since_of,
)
from monitoring.performance.decided import read_decided
from monitoring.performance.losses import ScoredEvents
from monitoring.performance.promises import read_held_out
from monitoring.triggers.judging import (
    Reading,
    State,
    judge_drift,
    judge_labels,
    judge_performance,
    judge_recipe,
)
from monitoring.triggers.settings import DRIFT, LABELS, PERFORMANCE, RECIPE, Trigger, TriggerSettings
from monitoring.windows.binning import Reference
from monitoring.windows.feature_weights import weigh_features
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.features.compile.plan import lane_plan
from scoring.learning.jobs.options import JobOptions
from scoring.learning.jobs.usual_options import maturity_of
from scoring.learning.recipes.differences import recipe_differences
from scoring.learning.recipes.reading import recipe_of
from scoring.registry.feature_sets import declared_set_of
from scoring.registry.model_versions import promotable_versions
from scoring.registry.models import ModelVersion
from scoring.rules.rules.trial.sample import positions_since

SPAN = timedelta(days=60)  # of matured decisions
MAX_EVENTS = 50_000  # matured decisions, the latest
MAX_LABELS = 100_000  # that are looked at for new ones
MAX_VERSIONS = 20  # after the champion, the newest
FEATURES = "features"

# Events with a label that are mature now, and of which the champion's training did not know the label or
# the maturity.
_NEW_LABELS = """
    SELECT count(DISTINCT event.position)
      FROM (SELECT position, event_stream FROM scoring_label
             WHERE position >= %(first)s AND starts_with(event_stream, %(prefix)s) AND effective IS NOT NULL
             ORDER BY position LIMIT %(limit)s) label
      JOIN scoring_logentry entry ON entry.stream = label.event_stream AND entry.stream_version = 1
      JOIN scoring_event event ON event.position = entry.position AND event.retracted_at IS NULL
     WHERE event.occurred_at <= %(mature)s
       AND (event.occurred_at > %(known_mature)s OR label.position > %(read_until)s)
"""


@dataclass(frozen=True)
class Observed:
    """A champion, and the options of a training that would replace it, at a time."""

    champion: ModelVersion
    options: JobOptions
    now: datetime

    @property
    def kind(self) -> type[EventType]:
        return find_event_type(self.champion.event_type)

    @cached_property
    def maturity(self) -> timedelta:
        return maturity_of(self.options, catalog=self.kind.matures_after)

    def readings(self, settings: TriggerSettings) -> list[Reading]:
        """The reading of each trigger, in the order of the settings."""
        return [self._read(trigger) for trigger in settings.triggers]

    def _read(self, trigger: Trigger) -> Reading:
        if not trigger.on:
            return Reading(trigger.name, State.OFF)
        return _READ[trigger.name](trigger, self)


def read_drift(trigger: Trigger, observed: Observed) -> Reading:
    """The drift of the champion's features and scores over the last week."""
    champion = observed.champion
    reference = Reference.of(champion.reference)
    if reference is None:
        return judge_drift(trigger, None, {})
    since = since_of("week", now=observed.now)
    windows = read_windows(champion.name, since=since)
    specs = feature_specs(champion.event_type, read_vocabularies(champion.artifact))
    report: DriftReport = compare(champion.name, windows, reference, specs=specs, since=since)
    weights = weigh_features(windows, reference.names)
    return judge_drift(trigger, report, {name: weight.mean for name, weight in weights.items()})


def read_performance(trigger: Trigger, observed: Observed) -> Reading:
    """How well the champion ranks matured events, against those held out at its training."""
    held_out = read_held_out(observed.champion.name)
    return judge_performance(trigger, read_matured(observed), held_out.events if held_out else None)


def read_matured(observed: Observed) -> ScoredEvents:
    """The champion's latest decisions on events that are mature, at most MAX_EVENTS."""
    until, champion = observed.now - observed.maturity, observed.champion
    since = max(until - SPAN, champion.trained_at)
    return read_decided(observed.kind, champion.name, since=since, until=until, latest=MAX_EVENTS).scored


def read_labels(trigger: Trigger, observed: Observed) -> Reading:
    """The labels that a training would have and the champion's did not."""
    lineage = observed.champion.lineage
    if not lineage.keys() >= {"rows", "inferred_negatives", "log_position", "matures_after_days"}:
        return Reading(trigger.name, State.UNKNOWN)
    trained_with = lineage["rows"] - lineage["inferred_negatives"]
    return judge_labels(trigger, new=count_new_labels(observed), trained_with=trained_with)


def count_new_labels(observed: Observed) -> int:
    """Labeled events that a training would use now and that the champion's could not, up to MAX_LABELS."""
    champion = observed.champion
    known_mature = champion.as_of - timedelta(days=champion.lineage["matures_after_days"])
    parameters: dict[str, Any] = {
        # Labels of events after `known_mature` were recorded after it, too.
        "first": min(positions_since(known_mature)[0], champion.lineage["log_position"] + 1),
        "prefix": f"{champion.event_type}/",
        "mature": observed.now - observed.maturity,
        "known_mature": known_mature,
        "read_until": champion.lineage["log_position"],
        "limit": MAX_LABELS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEW_LABELS, parameters)
        return int(cursor.fetchone()[0])


def read_recipe(trigger: Trigger, observed: Observed) -> Reading:
    """Whether features or recipe differ from the champion's."""
    changes = list(changes_of(observed.champion, observed.options))
    return judge_recipe(trigger, changes, trained_since=trained_since(observed) if changes else "")


def changes_of(version: ModelVersion, options: JobOptions) -> Iterator[str]:
    """In what a training with these options would differ from a version's: features, paths of the recipe.

    A recipe that a search found differs on purpose: it is not compared.
    """
    if declared_set_of(version) not in ("", newest_set(version.event_type)):
        yield FEATURES
    if "search" in version.lineage:
        return
    before, after = recipe_of(version.parameters).parameters(), options.config.parameters()
    yield from (each.path for each in recipe_differences(before, after))


def newest_set(event_type: str) -> str:
    """The digest of the features that the code declares for an event type."""
    return lane_plan(find_event_type(event_type).lane).feature_set(event_type).declared


def trained_since(observed: Observed) -> str:
    """A version after the champion that has the features and the recipe already; "" if none has."""
    champion = observed.champion
    later = promotable_versions(champion.event_type).filter(number__gt=champion.number)
    newest = later.defer("reference", "metrics", "comparison").order_by("-number")[:MAX_VERSIONS]
    return next((each.name for each in newest if not any(changes_of(each, observed.options))), "")


_READ: Mapping[str, Callable[[Trigger, Observed], Reading]] = {
    DRIFT: read_drift,
    PERFORMANCE: read_performance,
    LABELS: read_labels,
    RECIPE: read_recipe,
}
