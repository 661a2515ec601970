"""A real browser against a real server: headless Chromium with its own driver."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.contrib.auth.models import Group
from selenium.webdriver import Chrome, ChromeOptions, Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from experiments.design.lifecycle import start_experiment
from reviews.actions.changing import define_action
from reviews.actions.definition import ActionDefinition, Parameter
from reviews.actions.requesting import request_test
from reviews.investigation.bulk.actions import action_data, request_action
from reviews.investigation.bulk.reviewer import Reviewer
from reviews.investigation.bulk.running import run_action
from reviews.investigation.bulk.terms import LabelTerms
from reviews.models import Case
from reviews.queues.changing import create_queue
from scoring.api.keys.issue import create_key
from scoring.intake.models import Event
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.folds.options import FoldOptions
from scoring.learning.jobs.evaluations import running as evaluating
from scoring.learning.jobs.evaluations.evaluations import request_evaluation
from scoring.learning.jobs.trainings import request_training
from scoring.log.consumers.runs import run_consumers
from scoring.rules.backtest.changes import RuleChange
from scoring.rules.backtest.jobs import running
from scoring.rules.backtest.jobs.backtests import request_backtest
from scoring.rules.backtest.requests import BacktestRequest
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import define_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.lists.importing.lifecycle import start_import
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from tests.factories.banks import pdq
from tests.factories.lists import defined, listed
from tests.factories.models import approved, promote, train_small_models
from tests.factories.payments import payments
from tests.factories.rules import store_rule
from tests.waiting import wait_until

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRIVER = ("chromedriver",)
Installation = dict[str, Any]
DESKTOP, PHONE = (1280, 900), (390, 844)


class Browser:
    """A browser session. Addresses are paths of the server at `base`."""

    def __init__(self, driver: Chrome, base: str) -> None:
        self.driver, self.base = driver, base

    def open(self, path: str) -> None:
        """Open a page and wait until it is loaded.

        Under load, the driver may return while the page before it is still shown: hence the mark on that one.
        """
        self.driver.execute_script("window.isLeft = true")
        self.driver.get(self.base + path)
        self.wait_until(self._is_another_page)

    def log_in(self, name: str, password: str, *, at: str = "/admin/") -> None:
        """Open `at`, log in on the page to which that redirects, and wait for the redirect back."""
        self.open(at)
        self.driver.find_element(By.NAME, "username").send_keys(name)
        self.driver.find_element(By.NAME, "password").send_keys(password, Keys.ENTER)
        self.wait_until(lambda: self.path == at and self._is_loaded())

    def press(self, *keys: str) -> None:
        """Press keys one after the other, for the focused element, once the page's scripts have run."""
        self.wait_until(self._is_loaded)
        ActionChains(self.driver).send_keys(*keys).perform()

    def press_with_control(self, key: str) -> None:
        self.wait_until(self._is_loaded)
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Wait for `condition`; on timeout, fails with the address and text of the page."""
        wait_until(condition, seen=lambda: f"at {self.path}\n{self.text}")

    def resize(self, size: tuple[int, int]) -> None:
        """Set the size of the viewport, without the window's borders."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def has(self, selector: str) -> bool:
        """Whether the selector matches a visible element."""
        script = """
            const [selector, counted] = arguments
            return [...document.querySelectorAll(selector)].some(found => found.checkVisibility(counted))
        """
        counted = {"visibilityProperty": True, "opacityProperty": True}
        return bool(self.driver.execute_script(script, selector, counted))

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.driver.execute_script(script))

    def errors(self) -> list[str]:
        """Errors in the console since the last call."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def _is_loaded(self) -> bool:
        return bool(self.driver.execute_script("return document.readyState === 'complete'"))

    def _is_another_page(self) -> bool:
        script = "return !window.isLeft && document.readyState === 'complete'"
        return bool(self.driver.execute_script(script))

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.base)

    @property
    def text(self) -> str:
        """The page's visible text, read in one step because the page may be navigating."""
        return str(self.driver.execute_script("return document.body?.innerText ?? ''"))


@pytest.fixture(scope="session")
def driver(django_db_setup: None, live_server: Any) -> Iterator[Chrome]:
    """Chromium for all tests of the session, which are skipped if it is not installed.

    It stops before the server, and the server before the database, which cannot be dropped while in use.
    """
    options = ChromeOptions()
    options.binary_location = _find("CHROMIUM", CHROMIUM)
    # In containers it runs as root, where the sandbox does not work, and with little shared memory.
    options.add_argument("--headless=new")
    options.add_argument("--no-sandbox")
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument(f"--window-size={DESKTOP[0]},{DESKTOP[1]}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(_find("CHROMEDRIVER", DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver: Chrome, live_server: Any) -> Iterator[Browser]:
    """A browser without a login, 1280 pixels wide."""
    browser = Browser(driver, live_server.url)
    browser.resize(DESKTOP)
    yield browser
    driver.get("about:blank")  # no requests while the tables are emptied
    driver.delete_all_cookies()
    browser.errors()


def decide(submissions: list[Submission]) -> None:
    """Receive events, decide them in their lane and run the log's consumers."""
    receive_events(submissions, source="shop", now=datetime.now(UTC))
    with held_lane("commerce"):
        runner = LaneRunner("commerce")
        while runner.step():
            pass
    assert run_consumers(now=datetime.now(UTC)) == {}


@pytest.fixture
def installation(
    online_redis: redis.Redis, transactional_db: None, settings: Any, tmp_path: Any
) -> Installation:
    """One of everything that has a page: a champion, an experiment, a training, cases, a rule, a list."""
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    now = datetime.now(UTC)
    models = _models_with_work(now)
    rule = _rule_in_two_stages(now)
    decide(payments(5))
    key, _ = create_key(name="shop", source="shop", scopes=["events:write"], now=now, actor="user/dana")
    return {
        **models,
        "api_key": key.prefix,
        "backtest": _finished_backtest(rule, now),
        "case": Case.objects.pending().order_by("-rank")[0].pk,
        "bank": _bank_with_items(now),
        "bulk_action": _finished_bulk_action(now),
        "group": Group.objects.get(name="analyst").pk,
        "import": _list_with_an_import("stolen_cards", now),
        "list": "stolen_cards",
        "queue": _queue(now),
        "action": _action(now),
        "rule": rule,
    }


def _action(now: datetime) -> str:
    """An action of payments with two parameters and a test that waits; its name."""
    parameters = (Parameter("amount", "amount"), Parameter("note", "text", required=False))
    refund = ActionDefinition("refund", ("payment",), "Pays it back to the card.", "R", parameters)
    url = "https://refunds.example.org/assay"
    action = define_action(refund, url=url, reason="a new service", actor="user/lea", now=now)
    request_test(action, actor="user/lea", now=now)
    return action.name


def _queue(now: datetime) -> str:
    """A review queue with an SLA and members; its name."""
    queue = create_queue(
        name="large_amounts",
        event_type="payment",
        condition="amount > 500",
        actor="user/dana",
        now=now,
        groups=("lead",),
        sla_minutes=60,
    )
    return queue.name


def _models_with_work(now: datetime) -> Installation:
    """A champion with an evaluation, an experiment against it and a training that is queued."""
    champion, other = train_small_models(15, 25, thresholds={"review": 0.0, "block": 1.0})
    promote(champion)
    start_experiment(
        event_type="payment",
        treatment=approved(other),
        share=0.5,
        name="more-trees",
        hypothesis="More trees block fewer good payments.",
        primary_metric="block_rate",
        actor="user/dana",
        now=now,
    )
    training = request_training("payment", actor="user/dana", now=now)
    evaluation = _finished_evaluation(champion, now)
    return {
        "model": champion,
        "experiment": "more-trees",
        "training": training,
        "evaluation": evaluation,
    }


def _finished_evaluation(model: str, now: datetime) -> int:
    """The number of an evaluation of the model's recipe beside a baseline."""
    maturity = timedelta(days=2)
    options = FoldOptions("payment", folds=2, model=model, against=("logistic",), matures_after=maturity)
    number = request_evaluation(options, actor="user/dana", now=now)
    assert evaluating.run_job(number)
    return number


def _rule_in_two_stages(now: datetime) -> str:
    """The name of a rule whose first version is active and whose second is in shadow."""
    for version, stage in enumerate(("active", "shadow"), start=1):
        rule = store_rule(stage, number=version, expression=f"amount > {version}.0", now=now)
    return rule.name


def _finished_backtest(rule: str, now: datetime) -> int:
    """The number of a backtest of the rule's second version."""
    period = (now - timedelta(days=1), now + timedelta(days=1))
    request = BacktestRequest("payment", RuleChange(rule, 2), *period)
    number = request_backtest(request, actor="user/dana", now=now)
    assert running.run_job(number)
    return number


def _finished_bulk_action(now: datetime) -> int:
    """The number of a bulk action that found events with open cases, and left them out."""
    terms = LabelTerms("fraud")
    events = list(Event.objects.order_by("position").values_list("position", flat=True)[:2])
    data = action_data(
        kind="label",
        event_type="payment",
        terms=terms,
        items=events,
        found=3,
        parameters={"type": "payment", "q": "amount > 0"},
        reason="A ring of stolen cards",
    )
    number = request_action(data, reviewer=Reviewer("dana"), now=now)
    assert run_action(number)
    return number


def _list_with_an_import(name: str, now: datetime) -> int:
    """Define a list of two values; returns the number of an import into it that has started."""
    defined(name, title="Stolen cards")
    listed(name, "card-1", "card-2", now=now)
    started = start_import(
        list_name=name,
        file_name="cards.csv",
        size=30,
        chunks=[b"value,reason\ncard-3,lost\n,lost\n"],
        actor="user/dana",
        now=now,
    )
    return started.number


def _bank_with_items(now: datetime) -> str:
    """The name of a hash bank of two items."""
    define_bank(name="known_abuse", title="Known abuse", action="block", actor="user/lee", now=now)
    items = [NewItem(pdq(number), quality=90, source="exchange", reason="Reported") for number in range(2)]
    add_items(bank="known_abuse", items=items, actor="user/lee", now=now)
    return "known_abuse"


def _find(variable: str, names: tuple[str, ...]) -> str:
    """The program from the environment variable or the PATH; skips the test if there is none."""
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"no browser: {variable} is not set and the PATH has no {' or '.join(names)}")
    return found
