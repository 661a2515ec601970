"""An acquirer's dispute report is uploaded: previewed when chosen, mapped, recorded."""

from pathlib import Path

import pytest
import redis
from django.contrib.auth.models import User
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from scoring.intake.models import Label
from tests.browser.conftest import Browser, decide
from tests.factories.payments import payments

REPORT = """Dispute ID;Payment Reference;Received On;Amount;Reason Code;Status
D-1;T-0;2026-03-02;12.00;10.4;LOST
D-2;T-1;2026-03-02;13.00;13.1;LOST
D-3;T-2;2026-03-02;14.00;Z9/x;LOST
D-4;T-3;2026-03-02;15.00;10.4;WON
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "disputes.csv"
    path.write_text(REPORT)
    return path


def test_a_dispute_report_is_mapped_and_recorded(
    browser: Browser, online_redis: redis.Redis, transactional_db: None, report: Path
) -> None:
    decide(payments(4))
    User.objects.create_superuser("mara", password="x")
    browser.log_in("mara", "x", at="/admin/labels/upload/")
    find = browser.driver.find_element
    find(By.NAME, "file").send_keys(str(report))
    browser.wait_until(lambda: "Preview of the first lines" in browser.text)
    assert Select(find(By.NAME, "event_id")).first_selected_option.text == "Payment Reference"
    assert "Of the first 4 ids 4 are events of this sender." in browser.text
    assert not Label.objects.exists()

    open_value = find(By.CSS_SELECTOR, ".map-value--open select")
    Select(open_value).select_by_visible_text("legitimate")
    browser.wait_until(lambda: not browser.has(".map-value--open"))
    find(By.CSS_SELECTOR, "[value=record]").click()
    browser.wait_until(lambda: "They apply from now on" in browser.text)
    said = dict(Label.objects.values_list("event_stream", "value"))
    assert said == {"payment/shop/T-0": "fraud", "payment/shop/T-2": "legitimate"}
    assert browser.errors() == []
