"""Layouts of pages on a desktop and a phone: nothing is cut off, names stay whole, cards line up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from experiments.results.compute import refresh_results
from scoring.event_types.payment import Payment
from tests.browser.conftest import DESKTOP, PHONE, Browser, Installation
from tests.factories.batch_versions import store_version
from tests.waiting import wait_until

CUT_OFF = """
    return [...document.querySelectorAll(".ws-table-wrap, .ws-card--flush")]
        .filter(part => part.checkVisibility() && part.scrollWidth > part.clientWidth)
        .map(part => part.getAttribute("aria-label") || part.className)
"""
LINES = """
    return [...document.querySelectorAll(arguments[0])]
        .map(name => new Set([...name.getClientRects()].map(line => Math.round(line.top))).size)
"""
EDGES = """
    return [...document.querySelectorAll(arguments[0])].map(part => part.getBoundingClientRect())
        .map(({left, top, right, bottom}) => [left, top, right, bottom].map(Math.round))
"""


@pytest.fixture
def site(browser: Browser, installation: Installation) -> tuple[Browser, Installation]:
    """A browser with a login, and an installation whose batch view and experiment have results."""
    User.objects.create_superuser("root", password="secret")
    browser.log_in("root", "secret", at=reverse("admin:password_change"))
    publish_views()
    refresh_results(now=datetime.now(UTC))
    return browser, installation


def publish_views() -> None:
    now = datetime.now(UTC)
    for number in (1, 2):
        as_of = now - timedelta(hours=3 - number)
        store_version(Payment.customer_profile, number, as_of=as_of, rows={"customer": 123_456})


def edges(browser: Browser, selector: str) -> list[dict[str, int]]:
    found = browser.driver.execute_script(EDGES, selector)
    return [dict(zip(("left", "top", "right", "bottom"), each, strict=True)) for each in found]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_no_table_is_cut_off(site: tuple[Browser, Installation], size: tuple[int, int]) -> None:
    browser, there = site
    browser.resize(size)
    cut_off = {}
    for name, kwargs in pages_with_tables(there).items():
        browser.open(reverse(f"admin:{name}", kwargs=kwargs))
        cut_off[name] = browser.driver.execute_script(CUT_OFF)
    assert {name: parts for name, parts in cut_off.items() if parts} == {}


def pages_with_tables(there: Installation) -> dict[str, dict[str, Any]]:
    return {
        "feature": {"event_type": "payment", "feature": "category"},
        "batch_views": {},
        "experiment": {"experiment": there["experiment"]},
        "experiments": {},
        "case": {"position": there["case"]},
    }


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_names_do_not_break_at_their_hyphen(
    site: tuple[Browser, Installation], size: tuple[int, int]
) -> None:
    browser, there = site
    browser.resize(size)
    for name, selector in (("feature", "[aria-labelledby=users] th a"), ("experiments", ".xp-list th a")):
        browser.open(reverse(f"admin:{name}", kwargs=pages_with_tables(there)[name]))
        lines = browser.driver.execute_script(LINES, selector)
        assert lines, name
        assert set(lines) == {1}, name


def test_the_tabs_of_the_feature_catalog_are_a_grid_of_two_columns_on_a_phone(
    site: tuple[Browser, Installation],
) -> None:
    browser, _ = site
    browser.resize(PHONE)
    browser.open(reverse("admin:batch_views"))
    wait_until(lambda: edges(browser, "nav[aria-label='Feature catalog'] > a")[-1]["top"] > 0)  # laid out
    tabs = edges(browser, "nav[aria-label='Feature catalog'] > a")
    assert [tabs[0]["left"], tabs[1]["left"]] == [tabs[2]["left"], tabs[3]["left"]]
    assert tabs[0]["top"] == tabs[1]["top"] < tabs[2]["top"] == tabs[3]["top"]
    assert tabs[0]["right"] == tabs[2]["right"]


def test_plots_of_an_experiment_fill_one_row(site: tuple[Browser, Installation]) -> None:
    browser, there = site
    browser.open(reverse("admin:experiment", kwargs={"experiment": there["experiment"]}))
    plots = edges(browser, "[aria-label='Over time'] > .ws-card")
    assert len(plots) == 3
    assert len({plot["top"] for plot in plots}) == 1


def test_actions_on_a_model_are_equally_high_with_their_buttons_on_one_line(
    site: tuple[Browser, Installation],
) -> None:
    browser, _ = site
    browser.open(reverse("admin:model", kwargs={"model": "payment-2"}))  # the canary of the experiment
    cards, buttons = edges(browser, ".learning-action"), edges(browser, ".learning-action > button")
    assert len(cards) == len(buttons) == 3
    assert len({(card["top"], card["bottom"]) for card in cards}) == 1
    assert len({(button["top"], button["bottom"]) for button in buttons}) == 1


def test_a_history_on_a_phone_leaves_out_what_is_unknown(site: tuple[Browser, Installation]) -> None:
    browser, there = site
    browser.open(reverse("admin:case", kwargs={"position": there["case"]}))
    empty = ".rv-history td.ws-dash"
    assert browser.has(empty)
    browser.resize(PHONE)
    assert not browser.has(empty)
    assert browser.has(".rv-history td .ws-badge")


def test_metrics_on_a_phone_show_the_difference_and_no_dashes(site: tuple[Browser, Installation]) -> None:
    browser, there = site
    browser.resize(PHONE)
    browser.open(reverse("admin:experiment", kwargs={"experiment": there["experiment"]}))
    difference = edges(browser, ".xp-metrics .xp-difference")[0]
    assert 0 < difference["left"] < difference["right"] <= PHONE[0]
    assert not browser.has(".xp-metrics .ws-dash")
