"""What messages say, and that no value becomes a link or a mention."""

from dataclasses import replace
from datetime import UTC, datetime

from monitoring.notifications.composing import (
    MAX_BLOCKS,
    AlertNews,
    events_of,
    signed_body,
    slack_body,
    subject_of,
    text_of,
)

HOME = "https://assay.example.org/admin/"
SLOW = AlertNews(
    alert="decisions.slow/0123456789abcdef",
    position=41,
    transition="fired",
    severity="warning",
    data={
        "rule": "decisions.slow",
        "metric": "decisions.latency_p99",
        "scope": {"event_type": "payment"},
        "value": 1.25,
        "side": "above",
        "threshold": 0.5,
        "since": "2026-03-01T11:52:00Z",
        "because": "The stage append takes 900 ms: PostgreSQL is slow to commit.",
        "runbook": "docs/how-to/operate.md",
    },
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)
DOWN = replace(SLOW, severity="critical", data={**SLOW.data, "metric": "lanes.parked", "scope": {}})
OVER = replace(SLOW, transition="resolved", data={**SLOW.data, "value": 0.1, "reason": "it was 0.1"})


def test_the_subject_names_the_most_severe_alert() -> None:
    assert subject_of([SLOW], kind="alerts") == "Assay: [warning] Latency, 99th percentile (payment)"
    assert subject_of([SLOW, DOWN, OVER], kind="alerts") == "Assay: [critical] Parked events and 2 more"
    assert subject_of([OVER], kind="alerts") == "Assay: [warning] resolved Latency, 99th percentile (payment)"
    assert subject_of([SLOW, OVER], kind="digest") == "Assay: digest of 2 alerts"


def test_the_text_says_what_changed_since_when_and_where_to_act() -> None:
    text = text_of([SLOW], home=HOME, kind="alerts")
    assert SLOW.data["because"] in text
    assert "1.25 s, above 500 ms, since 2026-03-01 11:52 UTC." in text
    assert "Alert rule: decisions.slow." in text
    assert "Runbook: docs/how-to/operate.md" in text
    assert f"{HOME}alerts/decisions.slow/0123456789abcdef/" in text


def test_a_resolution_says_so_without_the_old_figures() -> None:
    text = text_of([OVER], home=HOME, kind="alerts")
    assert "Resolved at 2026-03-01 12:00 UTC: it was 0.1." in text
    assert "900 ms" not in text


def test_a_webhook_has_the_alerts_as_data() -> None:
    body = signed_body(kind="alerts", subject="s", events=events_of([SLOW, OVER], home=HOME))
    assert body["type"] == "assay.alerts"
    assert [each["type"] for each in body["alerts"]] == ["alert.fired", "alert.resolved"]
    assert body["alerts"][0]["scope"] == {"event_type": "payment"}
    assert body["alerts"][0]["link"] == f"{HOME}alerts/decisions.slow/0123456789abcdef/"


def test_slack_gets_a_button_for_each_alert_and_no_markup_of_values() -> None:
    evil = replace(SLOW, data={**SLOW.data, "because": "<!channel> & <https://evil.example|click>"})
    body = slack_body(subject="Assay: <b>", events=events_of([evil] * (MAX_BLOCKS + 2), home=HOME))
    head, first, *_, rest = body["blocks"]
    assert head["text"]["text"] == "*Assay: &lt;b&gt;*"
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in first["text"]["text"]
    assert first["accessory"]["url"].startswith(HOME)
    assert rest["text"]["text"] == "and 2 more"
