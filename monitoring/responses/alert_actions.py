"""The actions that alerts may take, each by the service that people use, with the alert as its cause."""

from datetime import datetime

from kombu.exceptions import OperationalError

from monitoring.alerts.actions import register_action
from monitoring.alerts.models import Alert
from monitoring.alerts.scopes import PLACE
from monitoring.alerts.words import headline
from monitoring.responses.errors import ActionNotPossible
from reviews.queue.sampling import open_sample
from scoring.batch.status import request_publishing
from scoring.catalog.registry import scored_types
from scoring.learning.jobs.retraining import reason_not_to_train
from scoring.learning.jobs.trainings import request_training
from scoring.learning.jobs.usual_options import usual_options
from scoring.learning.promotion.promote import roll_back, stop_arm
from scoring.registry.model_versions import champion_of, find_version
from scoring.registry.routes import route_of
from scoring.rules.rules_only.switching import decide_by_rules_only, is_rules_only

SAMPLE_CASES = 30
MAX_WHY = 150  # characters; a route keeps 200 of a reason


def is_about_a_type(alert: Alert) -> bool:
    """Whether an alert concerns one event type that models decide."""
    return alert.scope.get(PLACE) in scored_types()


def has_canary(alert: Alert) -> bool:
    route = route_of(alert.scope.get(PLACE, ""))
    return route is not None and route.canary is not None


def is_decided_by_models(alert: Alert) -> bool:
    """Whether an alert concerns an event type whose models are not switched off."""
    event_type = alert.scope.get(PLACE, "")
    return champion_of(event_type) is not None and not is_rules_only(event_type)


def cause_of(alert: Alert) -> str:
    """The alert in one line, as reasons have it."""
    return f"alert {alert.key}: {headline(alert)}"[:MAX_WHY]


def retrain(alert: Alert, *, now: datetime, actor: str) -> str:
    """Queue a training as the type's schedule, or its champion, was trained. Raises ActionNotPossible."""
    event_type = alert.scope[PLACE]
    champion = champion_of(event_type)
    if champion is None:
        raise ActionNotPossible(f"no model decides {event_type} yet; start its first training by hand")
    if reason := reason_not_to_train(event_type, only_if_new_labels=False):
        raise ActionNotPossible(reason)
    number = request_training(
        event_type,
        options=usual_options(find_version(champion)),
        actor=actor,
        now=now,
        trigger={"trigger": "alert", "model": champion, "text": headline(alert), "figures": {}},
    )
    return f"Training {number} of {event_type} is queued."


def stop_canary(alert: Alert, *, now: datetime, actor: str) -> str:
    """Give the canary's share back to the champion. Raises ActionNotPossible, StreamConflict."""
    route = route_of(alert.scope[PLACE])
    if route is None or route.canary is None:
        raise ActionNotPossible(f"{alert.scope[PLACE]} has no canary")
    stop_arm(route.canary.model, actor=actor, now=now, why=cause_of(alert))
    return f"The canary {route.canary.model} is stopped; {route.champion.model} decides its share."


def roll_back_champion(alert: Alert, *, now: datetime, actor: str) -> str:
    """Make the previous champion the champion again. Raises what `roll_back` does."""
    event_type = alert.scope[PLACE]
    before = champion_of(event_type)
    roll_back(event_type, actor=actor, now=now, why=cause_of(alert))
    return f"{event_type} is rolled back from {before} to {champion_of(event_type)}."


def publish_views(alert: Alert, *, now: datetime, actor: str) -> str:
    """Ask a worker to publish the batch views that are due. Raises ActionNotPossible without a broker."""
    try:
        request_publishing()
    except OperationalError as error:
        raise ActionNotPossible("the broker cannot be reached") from error
    return "A worker publishes the batch views that are due."


def open_review_sample(alert: Alert, *, now: datetime, actor: str) -> str:
    """Open cases for random decisions of the last day. Raises ActionNotPossible if there are none."""
    event_type = alert.scope[PLACE]
    opened = open_sample(event_type, count=SAMPLE_CASES, salt=f"{alert.key}/{now:%Y-%m-%d}", now=now)
    if not opened:
        raise ActionNotPossible(f"there is no decision of {event_type} within a day that has no case yet")
    return f"{opened} random decisions of {event_type} are in the review queue."


def switch_models_off(alert: Alert, *, now: datetime, actor: str) -> str:
    """Decide the event type by rules only. Raises NoModelToSwitchOff, RulesOnlyUnchanged."""
    event_type = alert.scope[PLACE]
    decide_by_rules_only(event_type, reason=cause_of(alert), actor=actor, now=now)
    return f"Rules only: no model decides {event_type} until people switch its models on again."


register_action(
    "retrain",
    "Train a new model",
    retrain,
    "scoring.add_trainingjob",
    effect="Queues a training as the event type's schedule, or its champion, was trained. The new version"
    " decides nothing before it is approved and promoted.",
    fits=is_about_a_type,
)
register_action(
    "stop_canary",
    "Stop the canary",
    stop_canary,
    "scoring.promote_modelversion",
    effect="The champion decides all events again; the canary can be started anew from its page.",
    fits=has_canary,
)
register_action(
    "roll_back",
    "Roll back the champion",
    roll_back_champion,
    "scoring.promote_modelversion",
    effect="The champion before this one decides all events from the next batch on; a canary or an experiment"
    " ends.",
    fits=is_about_a_type,
)
register_action(
    "publish_views",
    "Publish batch views",
    publish_views,
    "scoring.add_batchversion",
    effect="A worker of the queue “training” computes and publishes every batch view that is due.",
)
register_action(
    "open_review_sample",
    "Open a review sample",
    open_review_sample,
    "monitoring.handle_alert",
    effect=f"Puts up to {SAMPLE_CASES} random decisions of the last day into the review queue, so that people"
    " say how good they are.",
    fits=is_about_a_type,
)
register_action(
    "rules_only",
    "Decide by rules only",
    switch_models_off,
    "scoring.set_rulesonly",
    effect="No model decides the event type from the next batch on: lists and rules do, and the failure"
    " policy's outcome where none has a say. Such decisions are final. Shadow models and experiments pause.",
    fits=is_decided_by_models,
)
