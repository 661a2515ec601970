"""Settings of guardrails: what is allowed, how they are logged and worded."""

from dataclasses import replace

import pytest

from monitoring.guardrails.errors import GuardrailsInvalid
from monitoring.guardrails.forms import GuardrailsForm
from monitoring.guardrails.settings import (
    DEFAULT_GUARDRAILS,
    METRICS,
    SCORE_SHIFT,
    SLOW,
    Guardrail,
    GuardrailSettings,
    check_settings,
)
from monitoring.guardrails.words import EXPLAINED, LABELS, limit_text, reading_text, settings_text


def with_row(**changes: object) -> GuardrailSettings:
    """The defaults with a changed first row."""
    first, *rest = DEFAULT_GUARDRAILS
    return GuardrailSettings(guardrails=(replace(first, **changes), *rest))  # type: ignore[arg-type]


def test_the_defaults_are_allowed_and_are_logged_whole() -> None:
    check_settings("payment", GuardrailSettings())
    assert GuardrailSettings.of(GuardrailSettings().as_data()) == GuardrailSettings()


def test_what_is_newer_than_a_logged_change_has_its_defaults() -> None:
    logged = with_row(limit=0.5).as_data()
    errors, slow, *_, shift = logged["guardrails"]
    del slow["slower_than_ms"]
    found = GuardrailSettings.of({**logged, "guardrails": [shift, slow, errors]})
    assert found == with_row(limit=0.5)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (with_row(limit=0.0), "errors.limit: must be more than 0 and less than 1, not 0"),
        (with_row(limit=1.0), "errors.limit: must be more than 0 and less than 1, not 1"),
        (with_row(minimum=4), "errors.minimum: must be 5 to 1,000,000, not 4"),
        (with_row(times=0.5), "errors.times: must be 1 to 100, not 0.5"),
        (with_row(slower_than_ms=9.0), "errors.slower_than_ms: is for slow alone"),
        (
            GuardrailSettings(
                guardrails=tuple(replace(each, slower_than_ms=None) for each in DEFAULT_GUARDRAILS)
            ),
            "slow.slower_than_ms: must be 1 to 60,000, not none",
        ),
        (GuardrailSettings(watch_hours=0), "watch_hours: must be 1 to 720, not 0"),
        (GuardrailSettings(guardrails=()), "guardrails: must be errors, slow, blocks"),
    ],
)
def test_what_is_not_allowed_is_named(settings: GuardrailSettings, problem: str) -> None:
    with pytest.raises(GuardrailsInvalid) as refused:
        check_settings("payment", settings)
    assert problem in str(refused.value)


def test_the_form_shows_and_gives_back_the_settings() -> None:
    settings = replace(with_row(limit=0.035, times=12.345678, on=False), watch_hours=48)
    shown = GuardrailsForm.showing(settings)
    sent = {name: value for name, value in shown.initial.items() if value is not False}
    form = GuardrailsForm({**sent, "reason": "Fewer alarms."})
    assert form.is_valid(), form.errors
    assert form.settings() == settings
    assert [row.label for row in shown.rows()] == [LABELS[metric] for metric in METRICS]


def test_every_metric_has_words() -> None:
    assert set(LABELS) == set(EXPLAINED) == set(METRICS)
    for each in DEFAULT_GUARDRAILS:
        figures = {"value": 0.97, "count": 60, "events": 62, "allowed": 0.05, "slower_than_ms": 250.0}
        text = reading_text({**figures, "metric": each.metric})
        assert "62" in text
        assert ("0.97" if each.metric == SCORE_SHIFT else "60 of 62") in text
        assert limit_text(each) != "off"


def test_limits_in_words() -> None:
    slow = Guardrail(SLOW, limit=0.05, minimum=50, times=3, slower_than_ms=250)
    expected = (
        "5.0\N{NO-BREAK SPACE}% slower than 250 ms of at least 50 events, or 3 times the other model's share"
    )
    assert limit_text(slow) == expected
    assert settings_text(GuardrailSettings(on=False)) == "switched off"
