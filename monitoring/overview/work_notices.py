"""Notices about features, models and the work of people: what to fix, review, train or approve."""

from collections.abc import Iterator
from datetime import timedelta

from monitoring.drift.words import drift_text
from monitoring.overview.facts import CASE_LATE, Facts
from monitoring.overview.notices import Measured, Notice, NoticeLink, Rule, counted, in_a_sentence, last_line
from monitoring.replay_check.aspects import noun_of
from monitoring.windows.batch_views import Freshness
from scoring.admin_kit.formatting import ago_text, count_text, duration_text
from scoring.declare.spelling import words_of
from scoring.learning.models import TrainingJob
from scoring.replay.consistency.mismatches import AspectCheck, Mismatch

MANY_RESTARTS = 3  # in an hour
MAX_CANDIDATES = 3
TRAINING_NEWS = CONSISTENCY = timedelta(days=1)

_LOST, _WAS_STALE = "was lost from Redis", "was stale"
_REMEDIES = {
    _LOST: "It is restored from the offline store automatically within a minute.",
    _WAS_STALE: "A fresh version is available again. Check whether a worker of the queue “training” was"
    " down.",
}
_PUBLISH = "Features that read it are missing. Run `manage.py publish_views`, which reports the cause."


def inconsistent_features(facts: Facts) -> Iterator[Notice]:
    """Logged feature values that recomputing from the log does not reproduce."""
    by_type: dict[str, list[Mismatch]] = {}
    for mismatch in facts.mismatches or []:
        by_type.setdefault(mismatch.event_type, []).append(mismatch)
    for event_type, wrong in by_type.items():
        wrong.sort(key=lambda each: each.mismatched / each.compared, reverse=True)
        worst = wrong[0]
        others = f" and {counted(len(wrong) - 1, 'other', 'others')}" if len(wrong) > 1 else ""
        yield Notice(
            "bad",
            f"{worst.feature}{others} of {event_type} differed when recomputed from the log:"
            f" {count_text(worst.mismatched)} of {count_text(worst.compared)} values.",
            "Scores may be wrong until the cause is found. To see the first difference, run"
            f" `manage.py replay --type {event_type} --from {facts.now - CONSISTENCY:%Y-%m-%d}`.",
            *("See the features", "features"),
            query=f"?type={event_type}&state=inconsistent",
            measured=Measured(("replay.mismatched_share",), {"event_type": event_type}),
        )


def inconsistent_decisions(facts: Facts) -> Iterator[Notice]:
    """Decisions whose score, findings, thresholds or outcome recomputing from the log does not reproduce.

    Features have a notice of their own.
    """
    by_type: dict[str, list[AspectCheck]] = {}
    for check in facts.aspects or []:
        if check.mismatched and check.aspect != "vector":
            by_type.setdefault(check.event_type, []).append(check)
    for event_type, wrong in by_type.items():
        what = in_a_sentence([noun_of(check.aspect) for check in wrong])
        most = max(wrong, key=lambda check: check.mismatched)
        yield Notice(
            "bad",
            f"{what[0].upper()}{what[1:]} of {event_type} decisions differed when recomputed from the log:"
            f" {count_text(most.mismatched)} of {count_text(most.compared)}.",
            "The log cannot show why these decisions were made until the cause is found.",
            *("See what differs", "replay_check"),
            query=f"?type={event_type}",
            measured=Measured(("replay.mismatched_share",), {"event_type": event_type}),
        )


def missing_batch_values(facts: Facts) -> Iterator[Notice]:
    """Batch views without a fresh version."""
    for view in facts.batch_views or []:
        state = _view_trouble(view)
        if not state:
            continue
        decisions = counted(view.without, "decision", "decisions")
        without = f": {decisions} since {view.since:%H:%M} without it" if view.without else ""
        last = f"; last published {ago_text(view.latest.published_at, facts.now)}" if view.latest else ""
        yield Notice(
            "warn" if state == _WAS_STALE or not view.without else "bad",
            f"Batch view {view.view.name} of {view.view.event_type} {state}{without}{last}.",
            _REMEDIES.get(state, _PUBLISH),
            *("See batch views", "batch_views"),
            measured=Measured(
                ("batch_views.stale",), {"event_type": view.view.event_type, "view": view.view.name}
            ),
        )


def restarted_processes(facts: Facts) -> Iterator[Notice]:
    for process in facts.restarts or []:
        times = "once" if process.count == 1 else f"{process.count} times"
        output = f": {last_line(process.last_output)}" if process.last_output else ""
        yield Notice(
            "bad" if process.count >= MANY_RESTARTS else "warn",
            f"{process.name} was restarted {times} in the last hour; it ended with {process.how}{output}",
            "Its unfinished work is redone. If it keeps ending, read its output in the terminal of `make up`;"
            " SIGKILL or exit code 137 often means too little memory.",
        )


def broken_schedules(facts: Facts) -> Iterator[Notice]:
    for name, problem in facts.broken_schedules or []:
        yield Notice(
            "bad",
            f"The schedule “{name}” always fails: {problem}",
            "Correct its task or arguments.",
            *("See schedules", "django_celery_beat_periodictask_changelist"),
        )


def old_cases(facts: Facts) -> Iterator[Notice]:
    queue = facts.queue
    if queue and queue.oldest and facts.now - queue.oldest > CASE_LATE:
        yield Notice(
            "warn",
            f"The oldest case has been open for {duration_text(facts.now - queue.oldest)};"
            f" {counted(queue.pending, 'case is', 'cases are')} undecided.",
            "Take the next case.",
            *("Open the queue", "queue"),
            measured=Measured(("reviews.oldest_case_age",)),
        )


def failed_actions(facts: Facts) -> Iterator[Notice]:
    """Actions of cases, such as refunds, that their service did not take."""
    if failed := facts.failed_actions:
        more = f"; {counted(failed.count - 1, 'other', 'others')} in a week" if failed.count > 1 else ""
        yield Notice(
            "bad",
            f"{words_of(failed.action).capitalize()} of {failed.case}, requested"
            f" {ago_text(failed.at, facts.now)}, was given up: {last_line(failed.error)}{more}.",
            "Nothing has happened there. Mend the cause, then request it again from the case.",
            *("Open the case", "case"),
            arguments=(failed.position,),
            also=(NoticeLink("See the actions", "case_actions"),),
        )


def failed_training(facts: Facts) -> Iterator[Notice]:
    newest = next(iter(facts.trainings or []), None)
    if newest is None or newest.state != TrainingJob.State.FAILED or newest.ended_at is None:
        return
    if facts.now - newest.ended_at < TRAINING_NEWS:
        when = ago_text(newest.ended_at, facts.now)
        yield Notice(
            "warn",
            f"Training {newest.number} failed {when}: {last_line(newest.error)}",
            "No model has changed. Fix the cause, then start another training.",
            *("See trainings", "scoring_trainingjob_changelist"),
        )


def triggered_trainings(facts: Facts) -> Iterator[Notice]:
    """Trainings that a trigger requested within a day."""
    for job in facts.trainings or []:
        if job.trigger and facts.now - job.requested_at < TRAINING_NEWS:
            yield Notice(
                "info",
                f"A trigger requested training {job.number} of {job.event_type}"
                f" {ago_text(job.requested_at, facts.now)}: {job.trigger['text']}.",
                "Find the cause, too: a training adapts to new customers and new fraud, not to wrong data.",
                *("Open the training", "training"),
                (job.number,),
                also=(NoticeLink("See the triggers", "trigger_settings", (job.event_type,)),),
            )


def drifted_models(facts: Facts) -> Iterator[Notice]:
    """Drift that matters: of features with an effect on the scores, or of the scores themselves."""
    for report in facts.drifts or []:
        if report.is_far:
            yield Notice(
                "warn",
                drift_text(report),
                "Find out why. If customers or fraud have changed, train on newer events; if a sender's data"
                " has, talk to the sender first.",
                *("See the drift", "drift"),
                query=f"?model={report.model}",
                measured=Measured(("drift.features", "drift.scores"), {"model": report.model}),
            )


def open_candidates(facts: Facts) -> Iterator[Notice]:
    for version in (facts.candidates or [])[:MAX_CANDIDATES]:
        failed = [check for check in version.checks if not check.get("passed")]
        state = f"{counted(len(failed), 'check', 'checks')} failed" if failed else "all checks passed"
        trained = ago_text(version.trained_at, facts.now)
        yield Notice(
            "info",
            f"{version.name}, trained {trained}, awaits approval: {state}.",
            "Compare it with the champion; then someone with approval rights approves or rejects it.",
            *("Compare", "model"),
            arguments=(version.name,),
        )


def undecided_types(facts: Facts) -> Iterator[Notice]:
    if facts.champions == [] and not facts.candidates:
        yield Notice(
            "info",
            "No model decides yet, so each event type's policy does.",
            "Load labeled history, then train a first model.",
            *("Start a training", "training_start"),
        )


def _view_trouble(view: Freshness) -> str:
    """What is wrong with a batch view, in words; "" if nothing is."""
    if view.latest is None:
        return "was never published" if view.without else ""
    if view.is_stale:
        return "is stale"
    if view.stale:
        return _WAS_STALE
    return _LOST if view.lost else ""


# Those of one tone appear in this order.
RULES: tuple[Rule, ...] = (
    *(inconsistent_features, inconsistent_decisions, missing_batch_values, restarted_processes),
    *(
        broken_schedules,
        failed_actions,
        old_cases,
        failed_training,
        drifted_models,
        triggered_trainings,
        open_candidates,
    ),
    undecided_types,
)
