"""Training from the log, as a recipe: read, join, fit, measure, register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.catalog.registry import event_type as find_event_type
from scoring.catalog.registry import scored_type
from scoring.learning.dataset.label_delay import gap_of
from scoring.learning.dataset.requirements import Remedies, TrainingWindow
from scoring.learning.dataset.training_set import (
    TrainingSet,
)
from scoring.learning.dataset.vocabularies import Vocabulary, freeze_vocabulary
from scoring.learning.errors import NotEnoughToTrain
from scoring.learning.leakage.accepting import check_leakage
from scoring.learning.leakage.served import check_served_values
from scoring.learning.training.features import check_accepted
from scoring.learning.training.fit import Prepared, Trained, fit_prepared, prepare, shuffle_labels
from scoring.learning.training.packing import pack_model
from scoring.learning.training.placement.requirements import require_machine
from scoring.learning.training.recipe import DISK, TrainingConfig, TrainingRequest
from scoring.learning.training.running.description import code_columns, registration_of
from scoring.learning.training.running.inputs import Inputs, check_window, read_inputs
from scoring.learning.training.running.lineage import describe_lineage
from scoring.learning.training.tuning.simpler import compare_with_simpler
from scoring.learning.training.tuning.tuner import Tuned, Tuner
from scoring.progress import NO_PROGRESS, ProgressReporter
from scoring.registry.artifact import Artifact
from scoring.registry.model_versions import Registration, register_model


@dataclass(frozen=True)
class FittedModel:
    """A model that is not registered yet: its bytes and everything else to store."""

    trained: Trained
    artifact: Artifact
    registration: Registration
    vocabulary: Vocabulary


@dataclass(frozen=True)
class TrainingRun:
    """A finished run: the registered name, the trained model, its lineage and the results of its checks."""

    name: str
    trained: Trained
    lineage: Mapping[str, Any]
    digest: str
    checks: Sequence[Mapping[str, Any]]

    @property
    def rows(self) -> int:
        """The number of events in the training set."""
        return int(self.lineage["rows"])


def run_training(
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    actor: str,
    now: datetime,
    tune: Tuner | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> TrainingRun:
    """Fit and register.

    Raises NotEnoughHistory, NotEnoughPositives, UnknownEventType, FutureInformation, LeakageSuspected,
    ServedValuesDiffer.
    """
    fitted = fit_model(request, config=config, now=now, tune=tune, watch=watch)
    return register_fitted(fitted, actor=actor, now=now)


def fit_model(
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    now: datetime,
    tune: Tuner | None = None,
    watch: ProgressReporter = NO_PROGRESS,
) -> FittedModel:
    """Read, join, train, compare with the champion, check. Raises the same errors as `run_training`.

    `tune` chooses another recipe, starting from `config`, once the training set is there.
    """
    kind = scored_type(request.event_type)
    check_window(request, now=now)
    config = require_machine(config, kind)
    inputs = read_inputs(kind, request, on_disk=config.placement == DISK, now=now, watch=watch)
    data = inputs.data
    training_data = shuffle_labels(data, seed=config.seed) if request.shuffled else data
    leakage = _check_leakage(training_data, inputs, request, config=config, watch=watch)
    prepared, tuned, trained = _fit(training_data, inputs, request, config=config, tune=tune, watch=watch)
    artifact = pack_model(trained=trained, data=data)
    lineage = describe_lineage(request, data, read_until=inputs.read_until)
    lineage |= {"leakage": leakage, "gap": trained.gap.stored()}
    if tuned.record:
        lineage["search"] = _describe_search(tuned, prepared, trained, base=config, watch=watch)
    del prepared
    registration = registration_of(
        trained, artifact, request=request, data=data, lineage=lineage, watch=watch
    )
    return FittedModel(trained, artifact, registration, inputs.vocabulary)


def _check_leakage(
    data: TrainingSet,
    inputs: Inputs,
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    watch: ProgressReporter,
) -> dict[str, Any]:
    """The features that alone tell the label of `data`, and those whose values differ from the served ones.

    Raises LeakageSuspected, ServedValuesDiffer.
    """
    check_accepted(request.accepted_leakage, data.feature_names)
    watch.begin("looking for leakage", total=1)
    accepted, left_out = request.accepted_leakage, config.features_left_out
    leakage = check_leakage(data, accepted=accepted, left_out=left_out)
    leakage["served"] = check_served_values(
        inputs.data, log_position=inputs.read_until, accepted=accepted, left_out=left_out
    )
    watch.advance(1)
    return leakage


def _fit(
    data: TrainingSet,
    inputs: Inputs,
    request: TrainingRequest,
    *,
    config: TrainingConfig,
    tune: Tuner | None,
    watch: ProgressReporter,
) -> tuple[Prepared, Tuned, Trained]:
    """Choose the recipe and fit it. Errors about too few events or positives say what would help."""
    try:
        prepared = prepare(data=data, config=config, test=inputs.test, watch=watch)
        tuned = tune(prepared, config, watch) if tune else Tuned(config, {})
        return prepared, tuned, fit_prepared(prepared, config=tuned.config, watch=watch)
    except NotEnoughToTrain as error:
        shares = config.shares if inputs.test is None else config.shares.without_test()
        shares = gap_of(shares, inputs.data).within(shares)
        remedies = Remedies(inputs.times, inputs.labels, shares, config.needs, inputs.selection)
        error.advise(remedies.advice(TrainingWindow(request.as_of, request.maturity, request.since)))
        raise


def _describe_search(
    tuned: Tuned, prepared: Prepared, trained: Trained, *, base: TrainingConfig, watch: ProgressReporter
) -> dict[str, Any]:
    codes = code_columns(prepared.data)
    against = compare_with_simpler(prepared, trained, base=base, codes=codes, watch=watch)
    return {**tuned.record, "against": against}


def register_fitted(fitted: FittedModel, *, actor: str, now: datetime) -> TrainingRun:
    """Store a fitted model as a new version and freeze its vocabulary, in one transaction."""
    registration = fitted.registration
    kind = find_event_type(registration.event_type)
    with transaction.atomic():
        freeze_vocabulary(kind, fitted.vocabulary, as_of=registration.as_of, now=now)
        name = register_model(registration, artifact=fitted.artifact, actor=actor, now=now)
    return TrainingRun(
        name, fitted.trained, registration.lineage, fitted.artifact.digest, registration.checks
    )
