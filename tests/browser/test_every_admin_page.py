"""Every page of the admin opens in a browser: no error in the console, and it fits a phone."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from scoring.admin_kit.change_lists import ReadOnlyAdmin
from scoring.admin_kit.pages import registered_pages
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Browser, Installation

# Arguments for the address of a detail page. Every detail page needs an entry.
SAMPLES: dict[str, Callable[[Installation], Installation]] = {
    "alert_rule": lambda there: {"rule_name": "lanes.parked"},
    "api_key": lambda there: {"prefix": there["api_key"]},
    "backtest": lambda there: {"number": there["backtest"]},
    "bank": lambda there: {"bank_name": there["bank"]},
    "bank_edit": lambda there: {"bank_name": there["bank"]},
    "bank_import": lambda there: {"bank_name": there["bank"]},
    "breaker_limits": lambda there: {"event_type": "payment"},
    "bulk_action": lambda there: {"number": there["bulk_action"]},
    "bulk_preview": lambda there: {"kind": "verdict"},
    "case": lambda there: {"position": there["case"]},
    "case_action": lambda there: {"position": there["case"], "action": there["action"]},
    "case_action_editor": lambda there: {"action": there["action"]},
    "content_policy": lambda there: {"event_type": "content", "content_policy": "spam"},
    "evaluation": lambda there: {"number": there["evaluation"]},
    "evaluation_start": lambda there: {"model": there["model"]},
    "event": lambda there: {"position": there["case"]},
    "event_links": lambda there: {"position": there["case"]},
    "erase_subject": lambda there: {"kind": "card", "value": "card-1"},
    "experiment": lambda there: {"experiment": there["experiment"]},
    "explanation": lambda there: {"position": there["case"]},
    "exploration_of": lambda there: {"event_type": "payment"},
    "feature": lambda there: {"event_type": "payment", "feature": "card_count_1h"},
    "feature_set_diff": lambda there: {"event_type": "payment"},
    "feature_sets": lambda there: {"event_type": "payment"},
    "four_eyes_settings": lambda there: {"event_type": "payment"},
    "gate": lambda there: {"event_type": "payment"},
    "guardrail_limits": lambda there: {"event_type": "payment"},
    "limits_of_group": lambda there: {"group": there["group"]},
    "list": lambda there: {"list_name": there["list"]},
    "list_edit": lambda there: {"list_name": there["list"]},
    "list_import": lambda there: {"list_name": there["list"]},
    "list_import_status": lambda there: {"number": there["import"]},
    "model": lambda there: {"model": there["model"]},
    "model_card": lambda there: {"model": there["model"]},
    "model_differences": lambda there: {"model": there["model"]},
    "owner_notifications": lambda there: {"owner": "group/lead"},
    "policy": lambda there: {"event_type": "payment"},
    "policy_draft": lambda there: {"event_type": "payment"},
    "review_queue": lambda there: {"queue_name": there["queue"]},
    "review_sources": lambda there: {"event_type": "payment"},
    "review_quality_settings": lambda there: {"event_type": "payment"},
    "risk_profile": lambda there: {"view": "payment.customer_risk"},
    "rule": lambda there: {"event_type": "payment", "rule_name": there["rule"]},
    "rule_edit": lambda there: {"event_type": "payment", "rule_name": there["rule"]},
    "rule_quality_of": lambda there: {
        "event_type": "payment",
        "kind": "rule",
        "subject": there["rule"],
    },
    "trigger_settings": lambda there: {"event_type": "payment"},
    "training": lambda there: {"number": there["training"]},
}

# Parts that another page's script fetches, and downloads; not pages of their own.
PARTS = {
    *("overview_parts", "list_entity", "list_export", "configuration_file", "bank_media", "bank_export"),
    *("investigate_export", "media_blurred", "media_still", "media_file", "model_artifact"),
    "case_aside",
}
SIDEBAR = "#nav-sidebar"  # the same on all pages and large: checked on one
# Pages of what this installation lacks; tested where there is some.
ELSEWHERE = {"alert", "statement", "bank_import_status", "media"}


def addresses_of_rows(model: type[Model]) -> Iterator[str]:
    """The list of a model, its form for a new row, and the page of one row."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    if not isinstance(admin.site._registry[model], ReadOnlyAdmin):
        yield reverse(f"{name}_add")
    row = model._default_manager.order_by("-pk").first()
    if row is not None:
        yield reverse(f"{name}_change", args=[quote(row.pk)])


def addresses(there: Installation) -> Iterator[str]:
    """The address of every list and page of the admin."""
    yield reverse("admin:index")
    yield reverse("docs")
    for model in admin.site._registry:
        yield from addresses_of_rows(model)
    for page in registered_pages():
        if page.name in PARTS | ELSEWHERE:
            continue
        if "<" in page.path and page.name not in SAMPLES:
            pytest.fail(f"SAMPLES has no entry for the page {page.name!r} ({page.path})")
        sample = SAMPLES.get(page.name, lambda there: {})
        yield reverse(f"admin:{page.name}", kwargs=sample(there))


def has_no_field(browser: Browser) -> bool:
    """Whether the page is a form without anything to fill in."""
    return browser.path.endswith("/add/") and not browser.has("form .field-row input, form .field-row select")


def problems_of(browser: Browser, address: str) -> list[str]:
    """Problems of the page on a desktop and a phone."""
    problems = []
    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        browser.resize(size)
        browser.open(address)
        problems += [f"{name}: {message}" for message in browser.errors()]
        if browser.overflow() > 0:
            problems.append(f"{name}: {browser.overflow()} pixels wider than its window")
        if has_no_field(browser):
            problems.append(f"{name}: a form without fields")
    browser.resize(DESKTOP)
    without = () if address == reverse("admin:index") else (SIDEBAR,)
    return problems + violations(browser.driver, without=without)


def test_every_page_opens_without_errors_and_fits_a_phone(
    browser: Browser, installation: Installation
) -> None:
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret", at=reverse("admin:password_change"))
    found = {address: problems_of(browser, address) for address in addresses(installation)}
    assert {address: problems for address, problems in found.items() if problems} == {}


def test_the_login_page_opened_directly_leads_to_the_overview(
    browser: Browser, transactional_db: None
) -> None:
    User.objects.create_superuser("root", password="secret")
    browser.open(reverse("admin:login"))
    assert violations(browser.driver) == []
    browser.driver.find_element(By.NAME, "username").send_keys("root")
    browser.driver.find_element(By.NAME, "password").send_keys("secret", Keys.ENTER)
    browser.wait_until(lambda: browser.path == reverse("admin:index"))


def test_the_first_tab_stop_leads_to_the_content(browser: Browser, transactional_db: None) -> None:
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret")
    browser.press(Keys.TAB)
    assert browser.driver.switch_to.active_element.text == "Skip to content"
    browser.press(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "content"
