"""Every address requested by every group: a table of permissions that must cover all addresses.

Letters stand for groups: s staff without a group, a analyst, l lead, d data scientist, u auditor, m admin.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from reviews.pages.case import ACTIONS as CASE_ACTIONS
from scoring.admin_kit.pages import registered_pages
from scoring.learning.pages.actions import ACTIONS as MODEL_ACTIONS
from scoring.learning.policies.pages.actions import ACTIONS as POLICY_ACTIONS
from scoring.log.append import append
from scoring.rules.rules.pages.actions import ACTIONS as RULE_ACTIONS
from tests.factories.log import model_trained

PEOPLE = {"s": "", "a": "analyst", "l": "lead", "d": "data scientist", "u": "auditor", "m": "admin"}
ALL_GROUPS = "".join(PEOPLE)
NO_GROUP = ""

# Lists of rows: groups that may (view, add, change, delete).
LISTS = {
    "scoring_event": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_decision": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_label": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_mediaitem": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "reviews_case": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "reviews_bulkaction": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "reviews_wellnesslimit": ("lum", "lm", "lm", "lm"),
    "scoring_modelversion": ("ldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_rule": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_rulehit": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_backtestjob": ("aldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_trainingjob": ("ldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_evaluationjob": ("ldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_route": ("ldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "monitoring_hourlywindow": ("ldum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_pending": ("dum", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_logentry": ("um", NO_GROUP, NO_GROUP, NO_GROUP),
    "scoring_apikey": ("um", "m", NO_GROUP, NO_GROUP),
    "scoring_exchangerate": ("um", "m", "m", NO_GROUP),
    "django_celery_beat_periodictask": ("um", "m", "m", "m"),
    "django_celery_beat_intervalschedule": ("m", "m", "m", "m"),
    "django_celery_beat_crontabschedule": ("m", "m", "m", "m"),
    "django_celery_beat_clockedschedule": ("m", "m", "m", "m"),
    "auth_user": ("um", "m", "m", "m"),
    "auth_group": ("um", "m", "m", NO_GROUP),
}

# Lists that can be exported: groups that may.
EXPORTS = {
    "scoring_event": "ldum",
    "scoring_decision": "ldum",
    "scoring_label": "ldum",
    "scoring_logentry": "um",
    "reviews_case": "ldum",
}

# Pages: groups that may view them, and example arguments.
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "account": (ALL_GROUPS, {}),
    "queue": ("aldum", {}),
    "case": ("aldum", {"position": 1}),
    "event": ("aldum", {"position": 1}),
    "entities": ("aldum", {}),
    "investigate": ("aldum", {}),
    "investigate_export": ("ldum", {}),
    "bulk_preview": ("lm", {"kind": "label"}),
    "bulk_action": ("aldum", {"number": 1}),
    "erase_subject": ("m", {"kind": "customer", "value": "C-1"}),
    "statement": ("aldum", {"position": 1}),
    "moderation": ("aldum", {}),
    "bank_media": ("alm", {}),
    "replay_check": ("ldum", {}),
    "operations": ("dum", {}),
    "data_quality": ("ldum", {}),
    "notifications": ("ldum", {}),
    "owner_notifications": ("ldum", {"owner": "group/lead"}),
    "business": ("ldum", {}),
    "media": ("aldum", {"id": "0" * 64}),
    "media_blurred": ("aldum", {"id": "0" * 64}),
    "media_still": ("alm", {"id": "0" * 64}),
    "media_file": ("lm", {"id": "0" * 64}),
    "label_upload": ("lm", {}),
    "configuration": ("ldum", {}),
    "configuration_file": ("ldum", {}),
    "list_entity": ("alm", {}),
    "lists": ("aldum", {}),
    "list": ("aldum", {"list_name": "stolen_cards"}),
    "list_new": ("lm", {}),
    "list_edit": ("lm", {"list_name": "stolen_cards"}),
    "list_export": ("aldum", {"list_name": "stolen_cards"}),
    "list_import": ("lm", {"list_name": "stolen_cards"}),
    "list_import_status": ("lm", {"number": 1}),
    "banks": ("aldum", {}),
    "bank": ("aldum", {"bank_name": "known_abuse"}),
    "bank_new": ("lm", {}),
    "bank_edit": ("lm", {"bank_name": "known_abuse"}),
    "bank_export": ("aldum", {"bank_name": "known_abuse"}),
    "bank_import": ("lm", {"bank_name": "known_abuse"}),
    "bank_import_status": ("lm", {"number": 1}),
    "api_key_new": ("m", {}),
    "api_key": ("um", {"prefix": "assay_sAmPlE"}),
    "model": ("ldum", {"model": "payment-1"}),
    "model_card": ("ldum", {"model": "payment-1"}),
    "model_artifact": ("dm", {"model": "payment-1"}),
    "model_differences": ("ldum", {"model": "payment-1"}),
    "training": ("ldum", {"number": 1}),
    "evaluation": ("ldum", {"number": 1}),
    "evaluation_start": ("dm", {"model": "payment-1"}),
    "training_start": ("dm", {}),
    "explanation": ("aldum", {"position": 1}),
    "event_links": ("aldum", {"position": 1}),
    "policies": ("ldum", {}),
    "policy": ("ldum", {"event_type": "payment"}),
    "policy_draft": ("ldm", {"event_type": "payment"}),
    "content_policy": ("ldum", {"event_type": "content", "content_policy": "spam"}),
    "breakers": ("ldum", {}),
    "breaker_limits": ("ldum", {"event_type": "payment"}),
    "rules_only": ("ldum", {}),
    "exploration": ("ldum", {}),
    "exploration_of": ("ldum", {"event_type": "payment"}),
    "rule": ("aldum", {"event_type": "payment", "rule_name": "velocity"}),
    "rule_new": ("aldm", {}),
    "rule_edit": ("aldm", {"event_type": "payment", "rule_name": "velocity"}),
    "rule_quality": ("aldum", {}),
    "rule_quality_of": ("aldum", {"event_type": "payment", "kind": "rule", "subject": "velocity"}),
    "backtest": ("aldum", {"number": 1}),
    "backtest_start": ("aldm", {}),
    "experiments": ("ldum", {}),
    "experiment": ("ldum", {"experiment": "e"}),
    "experiment_start": ("dm", {}),
    "drift": ("ldum", {}),
    "performance": ("ldum", {}),
    "performance_events": ("ldum", {}),
    "label_coverage": ("ldum", {}),
    "risk_profiles": ("aldum", {}),
    "risk_profile": ("aldum", {"view": "payment.customer_risk"}),
    "gates": ("ldum", {}),
    "gate": ("ldum", {"event_type": "payment"}),
    "alerts": ("ldum", {}),
    "alert": ("ldum", {"rule_name": "lanes.parked", "digest": "44136fa355b3678a"}),
    "alert_rules": ("ldum", {}),
    "alert_rule": ("ldum", {"rule_name": "lanes.parked"}),
    "alert_rule_new": ("ldm", {}),
    "guardrails": ("ldum", {}),
    "guardrail_limits": ("ldum", {"event_type": "payment"}),
    "triggers": ("ldum", {}),
    "review_quality": ("lum", {}),
    "review_quality_settings": ("lum", {"event_type": "payment"}),
    "own_reviews": ("alm", {}),
    "confirmations": ("aldum", {}),
    "appeals": ("aldum", {}),
    "four_eyes_settings": ("lum", {"event_type": "payment"}),
    "review_queues": ("aldum", {}),
    "review_queue": ("aldum", {"queue_name": "large"}),
    "review_queue_new": ("lm", {}),
    "review_sources": ("aldum", {"event_type": "payment"}),
    "case_aside": ("aldum", {"position": 1}),
    "case_action": ("alm", {"position": 1, "action": "refund"}),
    "case_actions": ("lum", {}),
    "case_action_editor": ("lum", {"action": "refund"}),
    "case_action_new": ("m", {}),
    "trigger_settings": ("ldum", {"event_type": "payment"}),
    "features": ("aldum", {}),
    "feature": ("aldum", {"event_type": "payment", "feature": "card_count_1h"}),
    "feature_sets": ("aldum", {"event_type": "payment"}),
    "feature_set_diff": ("aldum", {"event_type": "payment"}),
    "batch_views": ("aldum", {}),
    "overview_parts": (ALL_GROUPS, {}),
    "group_limits": ("um", {}),
    "limits_of_group": ("um", {"group": 1}),
}

# Other admin pages for all staff, and addresses outside the admin.
FOR_STAFF = {
    *("admin:index", "admin:search", "admin:jsi18n", "admin:logout"),
    *("admin:password_change", "admin:password_change_done"),
}
OPEN = {"healthz", "readyz", "metrics", "schema", "docs", "problem", "home", "admin:login", "appeal"}
# Of signing in: for the user of the session, or of the log-in that waits for a second factor.
OF_ACCOUNTS = {
    *("account_login", "account_inactive", "account_reauthenticate"),
    *("password_reset", "password_reset_sent", "password_reset_confirm"),
    *("mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
    *("socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup"),
    *("openid_connect_login", "openid_connect_callback"),
}
FOR_KEYS = {
    *("api:events", "api:event", "api:corrections", "api:retraction", "api:parked-events"),
    *("api:explanation", "api:simulations", "api:labels", "api:held-labels", "reviews-api:statement"),
    *("api:media", "api:media-item", "reviews-api:appeal-link", "reviews-api:appeals"),
    *("monitoring-api:drift", "monitoring-api:alerts", "monitoring-api:business"),
}
API_OF_ONE_ROW = {
    "api:event",
    "api:corrections",
    "api:retraction",
    "api:explanation",
    "reviews-api:statement",
    "reviews-api:appeal-link",
    "reviews-api:appeals",
    "api:media-item",
}
# Django's own: choices of related rows, a row's public page, an app's lists, mistyped addresses.
DJANGO_ADDRESSES = {"admin:autocomplete", "admin:view_on_site", "admin:app_list", "admin:?"}

RULE_DRAFTING = ("shadow", "draft", "archive_version", "request", "withdraw")
RULE_DECIDING = ("approve", "reject", "take_out", "retire", "roll_back", "archive", "suppress", "lift")

# Actions of pages: (page, data posted, groups that may).
ACTIONS: list[tuple[str, Mapping[str, str], str]] = [
    ("account", {"action": "end_others"}, ALL_GROUPS),
    ("queue", {}, "alm"),
    ("case", {"action": "claim"}, "alm"),
    ("case", {"action": "keep"}, "alm"),
    ("case", {"action": "release"}, "alm"),
    ("case", {"action": "comment", "comment": "seen"}, "alm"),
    ("case", {"action": "decide"}, "alm"),
    ("case", {"action": "undo"}, "alm"),
    ("case", {"action": "undo_all"}, "alm"),
    ("case", {"action": "escalate"}, "alm"),
    ("case", {"action": "golden"}, "lm"),
    ("bank_media", {}, "alm"),
    ("media", {"action": "again"}, "lm"),
    ("media", {"action": "remove"}, "lm"),
    ("event", {}, "lm"),
    ("erase_subject", {}, "m"),
    ("label_upload", {}, "lm"),
    ("limits_of_group", {}, "m"),
    ("configuration", {}, "ldum"),
    ("configuration", {"action": "apply"}, "m"),
    ("investigate", {"action": "check"}, "aldum"),
    ("investigate", {"action": "save"}, "aldum"),
    ("investigate", {"action": "delete"}, "aldum"),
    ("investigate", {"action": "cancel"}, "aldum"),
    ("bulk_preview", {"action": "preview"}, "lm"),
    ("bulk_preview", {"action": "do"}, "lm"),
    ("bulk_action", {"action": "cancel"}, "lm"),
    ("bulk_action", {"action": "undo"}, "lm"),
    ("list_entity", {"entity": "card:c-1"}, "alm"),
    ("list_new", {}, "lm"),
    ("list_edit", {}, "lm"),
    ("list", {"action": "add"}, "alm"),
    ("list", {"action": "remove"}, "alm"),
    ("list", {"action": "extend"}, "alm"),
    ("list", {"action": "archive"}, "lm"),
    ("list", {"action": "restore"}, "lm"),
    ("list_import", {}, "lm"),
    ("list_import_status", {"action": "add"}, "lm"),
    ("list_import_status", {"action": "discard"}, "lm"),
    ("list_import_status", {"action": "continue"}, "lm"),
    ("bank_new", {}, "lm"),
    ("bank_edit", {}, "lm"),
    ("bank", {"action": "preview"}, "alm"),
    ("bank", {"action": "add"}, "alm"),
    ("bank", {"action": "remove"}, "alm"),
    ("bank", {"action": "extend"}, "alm"),
    ("bank", {"action": "archive"}, "lm"),
    ("bank", {"action": "restore"}, "lm"),
    ("bank_import", {}, "lm"),
    ("bank_import_status", {"action": "add"}, "lm"),
    ("bank_import_status", {"action": "discard"}, "lm"),
    ("bank_import_status", {"action": "continue"}, "lm"),
    ("api_key_new", {}, "m"),
    ("api_key", {}, "m"),
    ("model", {"action": "approve"}, "dm"),
    ("model", {"action": "reject"}, "dm"),
    ("model", {"action": "promote"}, "dm"),
    ("model", {"action": "shadow"}, "dm"),
    ("model", {"action": "canary"}, "dm"),
    ("model", {"action": "stop"}, "dm"),
    ("model", {"action": "roll_back"}, "dm"),
    *(("rule", {"action": action, "number": "1"}, "aldm") for action in RULE_DRAFTING),
    *(("rule", {"action": action, "number": "1"}, "lm") for action in RULE_DECIDING),
    ("rule_new", {"action": "check"}, "aldm"),
    ("rule_edit", {"action": "check"}, "aldm"),
    *(
        ("policy", {"action": action, "number": "1"}, "ldm")
        for action in POLICY_ACTIONS
        if action != "withdraw"
    ),  # one's own request alone
    ("policy_draft", {}, "ldm"),
    ("breakers", {}, "lm"),
    ("breaker_limits", {}, "lm"),
    ("rules_only", {"off": "payment"}, "ldm"),
    ("exploration_of", {}, "ldm"),
    ("alerts", {}, "ldm"),
    ("alert", {"action": "acknowledge"}, "ldm"),
    ("alert", {"action": "snooze"}, "ldm"),
    ("alert", {"action": "resolve"}, "ldm"),
    ("alert", {"action": "silence"}, "ldm"),
    ("alert_rule", {}, "ldm"),
    ("alert_rule", {"action": "remove"}, "ldm"),
    ("alert_rule_new", {}, "ldm"),
    ("guardrail_limits", {}, "ldm"),
    ("risk_profile", {"action": "override"}, "lm"),
    ("risk_profile", {"action": "end"}, "lm"),
    ("trigger_settings", {}, "ldm"),
    ("owner_notifications", {}, "ldm"),
    ("owner_notifications", {"action": "test"}, "ldm"),
    ("review_quality_settings", {}, "lm"),
    ("four_eyes_settings", {}, "lm"),
    ("review_queues", {"event_type": "payment"}, "lm"),
    ("review_queue", {"action": "save"}, "lm"),
    ("review_queue", {"action": "retire"}, "lm"),
    ("review_queue_new", {"action": "save"}, "lm"),
    ("review_sources", {}, "lm"),
    ("case_aside", {"action": "skip"}, "alm"),
    ("case_aside", {"action": "snooze", "for": "day"}, "alm"),
    ("case_aside", {"action": "assign"}, "alm"),
    ("case_aside", {"action": "transfer"}, "alm"),
    ("case_action", {}, "alm"),
    ("case_action_editor", {"action": "save"}, "m"),
    ("case_action_editor", {"action": "test"}, "m"),
    ("case_action_editor", {"action": "retire"}, "m"),
    ("case_action_new", {"action": "save"}, "m"),
    ("gate", {"action": "request"}, "ldm"),
    ("gate", {"action": "approve"}, "ldm"),
    ("gate", {"action": "reject"}, "ldm"),
    ("backtest", {}, "aldm"),
    ("backtest_start", {}, "aldm"),
    ("training", {}, "dm"),
    ("evaluation", {}, "dm"),
    ("evaluation_start", {}, "dm"),
    ("training_start", {}, "dm"),
    ("experiment_start", {}, "dm"),
    ("experiment", {"stop": "control"}, "dm"),
    ("experiment", {"stop": "treatment"}, "dm"),
    ("batch_views", {}, "dm"),
]


# Actions of lists: (list, action, groups that may). Some come from a package's admin.
LIST_ACTIONS = {
    ("auth_user", "delete_selected", "m"),
    ("auth_group", "delete_selected", NO_GROUP),
    ("reviews_wellnesslimit", "delete_selected", "lm"),
    ("scoring_exchangerate", "delete_selected", NO_GROUP),
    ("scoring_pending", "retry", "dm"),
    ("scoring_pending", "delete_selected", NO_GROUP),
    ("django_celery_beat_periodictask", "enable_tasks", "m"),
    ("django_celery_beat_periodictask", "disable_tasks", "m"),
    ("django_celery_beat_periodictask", "run_tasks", "m"),
    ("django_celery_beat_periodictask", "delete_selected", "m"),
    ("django_celery_beat_intervalschedule", "delete_selected", "m"),
    ("django_celery_beat_crontabschedule", "delete_selected", "m"),
    ("django_celery_beat_clockedschedule", "delete_selected", "m"),
}


def addresses(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or '?'}"


def list_pages() -> Iterator[tuple[str, str, list[Any]]]:
    """(address, groups that may open it, arguments) of every list's addresses."""
    for name, (look, add, change, delete) in LISTS.items():
        yield f"admin:{name}_changelist", look, []
        yield f"admin:{name}_add", add, []
        yield f"admin:{name}_change", "".join(sorted({*look, *change})), ["1"]
        yield f"admin:{name}_delete", delete, ["1"]


def history_addresses() -> set[str]:
    return {f"admin:{name}_history" for name in LISTS}


@pytest.fixture
def clients(db: None) -> dict[str, Client]:
    clients = {}
    for letter, group in PEOPLE.items():
        user = User.objects.create_user(group or "staff", password="x", is_staff=True)
        if group:
            user.groups.add(Group.objects.get(name=group))
        clients[letter] = Client(raise_request_exception=False)
        clients[letter].force_login(user)
    return clients


@pytest.fixture
def rows(db: None) -> None:
    """Rows for addresses that look up a row before they check permissions."""
    interval = IntervalSchedule.objects.create(pk=1, every=1, period="hours")
    CrontabSchedule.objects.create(pk=1)
    ClockedSchedule.objects.create(pk=1, clocked_time="2030-01-01T00:00Z")
    PeriodicTask.objects.create(pk=1, name="t", task="t", interval=interval)
    append([model_trained(1)], now=datetime.now(UTC))


def test_every_address_is_in_the_table() -> None:
    known = {
        *FOR_STAFF,
        *OPEN,
        *OF_ACCOUNTS,
        *FOR_KEYS,
        *DJANGO_ADDRESSES,
        *history_addresses(),
        *(address for address, _, _ in list_pages()),
        *(f"admin:{name}" for name in PAGES),
        *(f"admin:{name}_export" for name in EXPORTS),
        "admin:auth_user_password_change",
    }
    assert set(addresses(get_resolver().url_patterns)) == known


def test_every_page_with_actions_is_in_the_table() -> None:
    acting = {page.name for page in registered_pages() if hasattr(page, "post")}
    assert acting == {name for name, _, _ in ACTIONS}
    listed = {(name, sent.get("action")) for name, sent, _ in ACTIONS}
    assert {("model", action) for action in MODEL_ACTIONS} <= listed
    assert {("case", action) for action in CASE_ACTIONS} <= listed
    assert {("rule", action) for action in RULE_ACTIONS} <= listed


@pytest.mark.parametrize(("address", "may", "arguments"), list(list_pages()))
def test_lists(address: str, may: str, arguments: list[Any], clients: dict[str, Client], rows: None) -> None:
    assert who_may_open(clients, reverse(address, args=arguments)) == set(may)


@pytest.mark.parametrize(("name", "may"), EXPORTS.items())
def test_exports(name: str, may: str, clients: dict[str, Client]) -> None:
    assert who_may_open(clients, reverse(f"admin:{name}_export")) == set(may)


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str, clients: dict[str, Client]) -> None:
    may, arguments = PAGES[name]
    assert who_may_open(clients, reverse(f"admin:{name}", kwargs=arguments)) == set(may)


@pytest.mark.parametrize(("name", "sent", "may"), ACTIONS)
def test_actions(
    name: str, sent: Mapping[str, str], may: str, clients: dict[str, Client], rows: None
) -> None:
    address = reverse(f"admin:{name}", kwargs=PAGES[name][1])
    answers = {letter: client.post(address, sent) for letter, client in clients.items()}
    assert {letter for letter, answer in answers.items() if answer.status_code != 403} == set(may)


def test_every_list_action_is_in_the_table() -> None:
    offered = {
        (f"{model._meta.app_label}_{model._meta.model_name}", name)
        for model, model_admin in admin.site._registry.items()
        if model_admin.actions is not None
        for name, *_ in [(each[1],) for each in model_admin._get_base_actions()]
    }
    assert offered == {(rows, name) for rows, name, _ in LIST_ACTIONS}


@pytest.mark.parametrize(("rows_of", "action", "may"), sorted(LIST_ACTIONS))
def test_actions_of_lists(
    rows_of: str, action: str, may: str, clients: dict[str, Client], rows: None
) -> None:
    model_admin = next(
        each
        for model, each in admin.site._registry.items()
        if rows_of == f"{model._meta.app_label}_{model._meta.model_name}"
    )
    offered = set()
    for letter, group in PEOPLE.items():
        request = RequestFactory().get("/")
        request.user = User.objects.get(username=group or "staff")
        offered |= {letter} if action in model_admin.get_actions(request) else set()
    assert offered == set(may)


def test_an_auditor_cannot_switch_schedules_off_by_sending_the_action(
    clients: dict[str, Client], rows: None
) -> None:
    sent = {"action": "disable_tasks", "_selected_action": ["1"]}
    address = reverse("admin:django_celery_beat_periodictask_changelist")
    clients["u"].post(address, sent)
    assert PeriodicTask.objects.get(pk=1).enabled
    clients["m"].post(address, sent)
    assert not PeriodicTask.objects.get(pk=1).enabled


@pytest.mark.parametrize("address", sorted(FOR_STAFF - {"admin:logout"}))
def test_pages_for_all_staff(address: str, clients: dict[str, Client]) -> None:
    assert who_may_open(clients, reverse(address)) == set(ALL_GROUPS)


def test_only_administrators_change_others_passwords(clients: dict[str, Client]) -> None:
    other = User.objects.create_user("other")
    assert who_may_open(clients, reverse("admin:auth_user_password_change", args=[other.pk])) == {"m"}


@pytest.mark.parametrize("address", sorted(FOR_KEYS - API_OF_ONE_ROW))
def test_a_signed_in_user_has_no_api_access(address: str, clients: dict[str, Client]) -> None:
    assert {client.get(reverse(address)).status_code for client in clients.values()} == {401}


@pytest.mark.parametrize(
    "address",
    sorted({*FOR_STAFF, *(f"admin:{name}" for name in PAGES)} - {"admin:logout"}),
)
def test_every_page_needs_a_sign_in(address: str, db: None) -> None:
    arguments = PAGES.get(address.removeprefix("admin:"), ("", {}))[1]
    answer = Client().get(reverse(address, kwargs=arguments))
    if address != "admin:jsi18n":  # translations only, which Django serves to anyone
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("admin:login"))


def test_log_projections_have_no_change_history(clients: dict[str, Client]) -> None:
    assert clients["m"].get(reverse("admin:scoring_label_history", args=["1"])).status_code == 404


def who_may_open(clients: dict[str, Client], address: str) -> set[str]:
    """The groups that the address does not refuse; an error counts as a refusal."""
    answers = {letter: client.get(address).status_code for letter, client in clients.items()}
    assert max(answers.values()) < 500, answers
    return {letter for letter, status in answers.items() if status != 403}
