"""The groups that every installation starts with, and their permissions."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

LOOK = (
    *("scoring.view_event", "scoring.view_decision", "scoring.view_label"),
    *("reviews.view_case", "scoring.view_featuresetversion", "scoring.view_batchversion"),
    *("scoring.view_valuelist", "scoring.view_bank", "scoring.view_rule", "scoring.view_backtestjob"),
    *("scoring.view_ruleday", "scoring.view_rulehit", "scoring.view_mediaitem", "scoring.view_riskprofile"),
    "reviews.investigate",
    "reviews.view_reviewqueue",
    "reviews.view_bulkaction",
)
LOOK_AT_MODELS = (
    "reviews.export_investigation",
    *("scoring.view_modelversion", "scoring.view_trainingjob", "scoring.view_route"),
    "scoring.view_evaluationjob",
    *("experiments.view_experiment", "monitoring.view_modelwindow", "monitoring.view_hourlywindow"),
    *("monitoring.view_guardrailtrip", "scoring.view_storedgate", "monitoring.view_storedtriggers"),
    *("monitoring.view_alert", "monitoring.view_notificationsettings"),
)
EXPORT = ("scoring.export_list",)
LOOK_AT_RULES = (
    *("scoring.view_breakerstate", "scoring.view_storedexploration", "scoring.view_storedpolicy"),
    *("scoring.view_rulesonlyswitch", "scoring.export_configuration"),
)
SET_POLICIES = ("scoring.draft_policy", "scoring.activate_policy")
GUARD = ("scoring.set_breaker", "scoring.reset_breaker")
EXPLORE = ("scoring.set_exploration",)
SWITCH_MODELS = ("scoring.set_rulesonly",)
WATCH = (
    *("monitoring.set_guardrails", "monitoring.set_triggers"),
    *("monitoring.handle_alert", "monitoring.set_alerts", "monitoring.set_notifications"),
)
SET_GATES = ("scoring.request_gate", "scoring.approve_gate")
WORK = (
    *("reviews.work_case", "reviews.decide_group", "scoring.add_listedvalue", "scoring.add_bankitem"),
    *("scoring.see_mediafile", "reviews.request_caseaction"),
)
DRAFT = ("scoring.draft_rule", "scoring.add_backtestjob", "scoring.cancel_backtestjob")
LEAD = (
    *("reviews.undo_verdict", "reviews.decide_escalation", "scoring.upload_label", "scoring.retract_event"),
    *(f"reviews.{verb}_wellnesslimit" for verb in ("view", "add", "change", "delete")),
    *("scoring.change_valuelist", "scoring.change_listedvalue", "scoring.import_listedvalue"),
    *("scoring.allow_listedvalue", "reviews.adjudicate_case", "reviews.choose_golden"),
    *("reviews.set_reviewquality", "reviews.view_givenverdict", "reviews.view_storedreviewquality"),
    *("reviews.confirm_verdict", "reviews.set_foureyes", "reviews.view_storedfoureyes"),
    *("reviews.set_reviewqueue", "reviews.assign_case", "reviews.bulk_act", "reviews.view_caseaction"),
    *("scoring.change_bank", "scoring.change_bankitem", "scoring.import_bankitem"),
    *("scoring.download_mediafile", "scoring.remove_mediafile", "scoring.override_risk"),
)
DECIDE = ("scoring.activate_rule", "scoring.suppress_rule")
TRAIN = (
    *("scoring.add_trainingjob", "scoring.cancel_trainingjob"),
    *("scoring.add_evaluationjob", "scoring.cancel_evaluationjob"),
    *("experiments.add_experiment", "experiments.change_experiment", "scoring.add_batchversion"),
)
JUDGE = (
    *("scoring.approve_modelversion", "scoring.promote_modelversion"),
    "scoring.download_modelversion",
)
LOOK_AT_RECORD = (
    *("scoring.view_logentry", "scoring.view_pending", "scoring.view_apikey", "scoring.view_exchangerate"),
    *("django_celery_beat.view_periodictask", "auth.view_user", "auth.view_group"),
    *("reviews.view_wellnesslimit", "reviews.view_givenverdict", "reviews.view_storedreviewquality"),
    *("reviews.view_storedfoureyes", "reviews.view_caseaction"),
)
ADMINISTER = (
    *("scoring.apply_configuration", "reviews.erase_subject", "scoring.retry_pending"),
    "reviews.set_caseaction",
    *("scoring.add_apikey", "scoring.change_apikey", "scoring.upload_review", "scoring.upload_label_history"),
    *("scoring.add_exchangerate", "scoring.change_exchangerate"),
    *(
        f"django_celery_beat.{verb}_{table}"
        for verb in ("view", "add", "change", "delete")
        for table in (
            "periodictask",
            "intervalschedule",
            "crontabschedule",
            "clockedschedule",
            "solarschedule",
        )
    ),
    *(f"auth.{verb}_user" for verb in ("add", "change", "delete")),
    *("auth.add_group", "auth.change_group"),
)

# The author of a rule's version may not activate it (`scoring.rules.ruleset.life_cycle`).
# The data scientist may approve, but not a training of their own (`scoring.learning.promotion.gate`).
GROUPS: dict[str, tuple[str, ...]] = {
    "analyst": (*LOOK, *WORK, *DRAFT),
    "lead": (
        *(*LOOK, *LOOK_AT_MODELS, *LOOK_AT_RULES, *WORK, *LEAD),
        *(*DRAFT, *DECIDE, *SET_POLICIES, *GUARD, *EXPLORE, *SWITCH_MODELS, *WATCH, *SET_GATES, *EXPORT),
    ),
    "data scientist": (
        *(
            *LOOK,
            *LOOK_AT_MODELS,
            *LOOK_AT_RULES,
            *DRAFT,
            *TRAIN,
            *JUDGE,
            *SET_POLICIES,
            *EXPLORE,
            *SWITCH_MODELS,
            *WATCH,
            *SET_GATES,
            *EXPORT,
        ),
        *("scoring.view_pending", "scoring.retry_pending"),
    ),
    "auditor": (*LOOK, *LOOK_AT_MODELS, *LOOK_AT_RULES, *LOOK_AT_RECORD, *EXPORT),
    "admin": (
        *(*LOOK, *LOOK_AT_MODELS, *LOOK_AT_RULES, *WORK, *LEAD),
        *(*DRAFT, *DECIDE, *SET_POLICIES, *GUARD, *EXPLORE, *SWITCH_MODELS, *WATCH, *SET_GATES, *EXPORT),
        *(*TRAIN, *JUDGE, *LOOK_AT_RECORD, *ADMINISTER),
    ),
}


def create_groups(**_: Any) -> None:
    """Create missing groups with their permissions after migrations. Existing groups stay as they are.

    So administrators' changes last, and they grant the permissions that a new version adds.
    """
    existing = set(Group.objects.filter(name__in=GROUPS).values_list("name", flat=True))
    for name in GROUPS.keys() - existing:
        Group.objects.create(name=name).permissions.set(permissions_of(GROUPS[name]))


def permissions_of(names: tuple[str, ...]) -> list[Permission]:
    """The permissions "app.codename". Raises LookupError naming those that do not exist."""
    wanted = Q(pk__in=[])
    for app, _, codename in (name.partition(".") for name in names):
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(wanted).select_related("content_type"))
    missing = set(names) - {f"{each.content_type.app_label}.{each.codename}" for each in found}
    if missing:
        raise LookupError(f"no such permissions: {', '.join(sorted(missing))}")
    return found
