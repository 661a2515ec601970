"""What processes say of themselves, as it is read."""

import pytest

from scoring.signals.process_reports import ALIVE_SECONDS, Report, _report


@pytest.mark.parametrize(
    ("name", "content", "report"),
    [
        ("sweep/here", "100 ", Report("sweep", "here", 5.0, "")),
        ("clock/here", "105 -0.250", Report("clock", "here", 0.0, "-0.250")),
        ("worker/lanes/lanes@here", "97 a b c", Report("worker", "lanes/lanes@here", 8.0, "a b c")),
    ],
)
def test_a_report_has_subject_process_age_and_text(name: str, content: str, report: Report):
    assert _report(name, content, now=105) == report


def test_a_process_without_a_recent_report_is_gone():
    ages = (0.0, ALIVE_SECONDS, ALIVE_SECONDS + 1)
    assert [Report("sweep", "here", age, "").is_fresh for age in ages] == [True, True, False]
