"""The admin's sidebar. Users see only the items that they have permission to open."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from scoring.admin_kit.pages import registered_pages
from scoring.admin_kit.row_rules.visible import is_limited


class Item(NamedTuple):
    """A sidebar item: its title, icon (Material Symbols), URL name and required permission.

    `pages`: the path below the admin's home of the pages that it lists.
    """

    title: str
    icon: str
    url: str
    permission: str = ""
    pages: str = ""


SECTIONS: dict[str, tuple[Item, ...]] = {
    "": (
        Item("Overview", "monitoring", "index"),
        Item("Business", "payments", "business", "monitoring.view_hourlywindow"),
    ),
    "Review": (
        Item("Review queue", "playlist_add_check", "queue", "reviews.view_case", pages="cases/"),
        Item("Confirmations", "how_to_reg", "confirmations", "reviews.view_case", pages="four-eyes/"),
        Item("Appeals", "gavel", "appeals", "reviews.view_case"),
        Item("Queues", "account_tree", "review_queues", "reviews.view_reviewqueue", pages="review-queues/"),
        Item("Actions", "bolt", "case_actions", "reviews.view_caseaction", pages="case-actions/"),
        Item("All cases", "inventory_2", "reviews_case_changelist", "reviews.view_case"),
        Item("Find", "search", "entities", "reviews.view_case"),
        Item("Investigate", "travel_explore", "investigate", "reviews.investigate"),
        Item(
            "Bulk actions",
            "dynamic_feed",
            "reviews_bulkaction_changelist",
            "reviews.view_bulkaction",
            pages="bulk-actions/",
        ),
        Item("Risk profiles", "speed", "risk_profiles", "scoring.view_riskprofile", pages="risk/"),
        Item("Moderation figures", "bar_chart", "moderation", "reviews.view_case"),
        Item(
            "Reviewer quality",
            "rate_review",
            "review_quality",
            "reviews.view_givenverdict",
            pages="review-quality/",
        ),
        Item("My reviews", "person_check", "own_reviews", "reviews.work_case"),
        Item(
            "Reviewers' limits",
            "self_improvement",
            "reviews_wellnesslimit_changelist",
            "reviews.view_wellnesslimit",
        ),
    ),
    "Labels": (
        Item("Labels", "label", "scoring_label_changelist", "scoring.view_label"),
        Item("Upload labels", "upload_file", "label_upload", "scoring.upload_label"),
        Item("Label coverage", "rule_folder", "label_coverage", "monitoring.view_modelwindow"),
    ),
    "Deciding": (
        Item("Lists", "format_list_bulleted", "lists", "scoring.view_valuelist"),
        Item("Hash banks", "image_search", "banks", "scoring.view_bank"),
        Item("Rules", "rule", "scoring_rule_changelist", "scoring.view_rule", pages="rules/"),
        Item("Policies", "balance", "policies", "scoring.view_storedpolicy", pages="policies/"),
        Item("Rule quality", "fact_check", "rule_quality", "scoring.view_ruleday", pages="rule-quality/"),
        Item(
            "Backtests",
            "history_toggle_off",
            "scoring_backtestjob_changelist",
            "scoring.view_backtestjob",
            pages="backtests/",
        ),
        Item("Breakers", "electrical_services", "breakers", "scoring.view_breakerstate", pages="breakers/"),
        Item("Rules only", "motion_photos_off", "rules_only", "scoring.view_rulesonlyswitch"),
        Item("Exploration", "explore", "exploration", "scoring.view_storedexploration", pages="exploration/"),
    ),
    "Models": (
        Item(
            "Models",
            "model_training",
            "scoring_modelversion_changelist",
            "scoring.view_modelversion",
            pages="models/",
        ),
        Item(
            "Trainings",
            "exercise",
            "scoring_trainingjob_changelist",
            "scoring.view_trainingjob",
            pages="trainings/",
        ),
        Item(
            "Evaluations",
            "stacked_line_chart",
            "scoring_evaluationjob_changelist",
            "scoring.view_evaluationjob",
            pages="evaluations/",
        ),
        Item("Gates", "verified", "gates", "scoring.view_storedgate", "gates/"),
        Item("Experiments", "science", "experiments", "experiments.view_experiment"),
        Item("Features", "category", "features", "scoring.view_featuresetversion", pages="batch-views/"),
        Item("Routes", "alt_route", "scoring_route_changelist", "scoring.view_route"),
    ),
    "Monitoring": (
        Item("Alerts", "notifications", "alerts", "monitoring.view_alert"),
        Item("Alert rules", "edit_notifications", "alert_rules", "monitoring.view_alert"),
        Item("Notifications", "mail", "notifications", "monitoring.view_notificationsettings"),
        Item("Performance", "trending_up", "performance", "monitoring.view_modelwindow"),
        Item("Drift", "query_stats", "drift", "monitoring.view_modelwindow"),
        Item("Data quality", "rule_folder", "data_quality", "monitoring.view_hourlywindow"),
        Item("Operations", "monitor_heart", "operations", "scoring.view_pending"),
        Item("Replay check", "published_with_changes", "replay_check", "monitoring.view_modelwindow"),
        Item("Guardrails", "health_and_safety", "guardrails", "monitoring.view_guardrailtrip", "guardrails/"),
        Item("Retraining triggers", "notifications_active", "triggers", "monitoring.view_storedtriggers"),
        Item(
            "Hourly windows",
            "calendar_clock",
            "monitoring_hourlywindow_changelist",
            "monitoring.view_hourlywindow",
        ),
    ),
    "Records": (
        Item("Events", "receipt_long", "scoring_event_changelist", "scoring.view_event", pages="events/"),
        Item(
            "Uploaded files", "perm_media", "scoring_mediaitem_changelist", "scoring.view_mediaitem", "media/"
        ),
        Item("Decisions", "gavel", "scoring_decision_changelist", "scoring.view_decision"),
        Item("Pending and parked", "pending_actions", "scoring_pending_changelist", "scoring.view_pending"),
        Item("Log", "history", "scoring_logentry_changelist", "scoring.view_logentry"),
    ),
    "Settings": (
        Item(
            "Configuration",
            "difference",
            "configuration",
            "scoring.export_configuration",
            pages="configuration/",
        ),
        Item(
            "Schedules",
            "schedule",
            "django_celery_beat_periodictask_changelist",
            "django_celery_beat.view_periodictask",
        ),
        Item(
            "Exchange rates",
            "currency_exchange",
            "scoring_exchangerate_changelist",
            "scoring.view_exchangerate",
        ),
        Item("API keys", "key", "scoring_apikey_changelist", "scoring.view_apikey", pages="api-keys/"),
        Item("Users", "person", "auth_user_changelist", "auth.view_user"),
        Item("Groups", "groups", "auth_group_changelist", "auth.view_group"),
        Item("Limits of groups", "visibility_lock", "group_limits", "auth.view_group"),
    ),
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The sections for unfold to render; sections without an item that the user may open are left out."""
    closed = _closed_pages() if is_limited(request.user) else frozenset()
    sections = (
        {
            "title": title,
            "separator": bool(title),
            "items": [_drawn(item) for item in items if item.url not in closed and _may(request, item)],
        }
        for title, items in SECTIONS.items()
    )
    return [section for section in sections if section["items"]]


def _closed_pages() -> frozenset[str]:
    """URL names of the pages and lists that are closed to users who see only some event types."""
    lists = {
        f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        for model, rows in admin.site._registry.items()
        if getattr(rows, "needs_all_types", False)
    }
    return frozenset(lists | {page.name for page in registered_pages() if page.needs_all_types})


def _may(request: HttpRequest, item: Item) -> bool:
    return not item.permission or request.user.has_perm(item.permission)


def _drawn(item: Item) -> dict[str, Any]:
    link = reverse(f"admin:{item.url}")
    return {"title": item.title, "icon": item.icon, "link": link, "active": _is_active(link, item.pages)}


def _is_active(link: str, pages: str) -> Callable[[HttpRequest], bool]:
    """Whether a request is for this item: its own page, one below its list, or one of its `pages`."""
    home = reverse("admin:index")
    below = tuple(start for start in (link, pages and home + pages) if start not in ("", home))
    return lambda request: request.path == link or request.path.startswith(below)
