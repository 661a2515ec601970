"""Settings of retraining triggers: what is allowed, how they are logged and worded."""

from dataclasses import replace

import pytest

from monitoring.triggers.errors import TriggersInvalid
from monitoring.triggers.forms import TriggersForm
from monitoring.triggers.settings import (
    DEFAULT_TRIGGERS,
    NAMES,
    RECIPE,
    Trigger,
    TriggerSettings,
    check_settings,
)
from monitoring.triggers.words import EXPLAINED, TITLES, settings_text, trigger_text


def with_trigger(name: str, **changes: object) -> TriggerSettings:
    """The defaults with one changed trigger."""
    triggers = [replace(each, **changes) if each.name == name else each for each in DEFAULT_TRIGGERS]  # type: ignore[arg-type]
    return TriggerSettings(triggers=tuple(triggers))


def test_the_defaults_are_allowed_and_are_logged_whole() -> None:
    check_settings("payment", TriggerSettings())
    assert TriggerSettings.of(TriggerSettings().as_data()) == TriggerSettings()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (with_trigger("drift", limit=0.0), "drift.limit: must be 0.01 to 1, not 0"),
        (with_trigger("drift", psi=None), "drift.psi: must be 0.1 to 10, not none"),
        (with_trigger("drift", minimum=9), "drift.minimum: must be 10 to 1,000,000, not 9"),
        (with_trigger("performance", limit=1.0), "performance.limit: must be 0 to 0.95, not 1"),
        (with_trigger("labels", limit=float("nan")), "labels.limit: must be 0 to 100, not nan"),
        (with_trigger("labels", psi=0.3), "labels.psi: is not a setting of labels"),
        (with_trigger("recipe", minimum=10), "recipe.minimum: is not a setting of recipe"),
        (TriggerSettings(cool_down_hours=0), "cool_down_hours: must be 1 to 720, not 0"),
        (TriggerSettings(max_a_day=25), "max_a_day: must be 1 to 24, not 25"),
        (TriggerSettings(triggers=()), "triggers: must be recipe, drift, performance, labels"),
    ],
)
def test_what_is_not_allowed_is_named(settings: TriggerSettings, problem: str) -> None:
    with pytest.raises(TriggersInvalid) as refused:
        check_settings("payment", settings)
    assert problem in str(refused.value)


def test_the_form_shows_and_gives_back_the_settings() -> None:
    settings = replace(with_trigger("labels", limit=0.125, on=False), cool_down_hours=48)
    shown = TriggersForm.showing(settings)
    sent = {name: value for name, value in shown.initial.items() if value not in (False, None)}
    form = TriggersForm({**sent, "reason": "Fewer trainings."})
    assert form.is_valid(), form.errors
    assert form.settings() == settings
    assert [row.label for row in shown.rows()] == [TITLES[name] for name in NAMES]


def test_every_trigger_has_words() -> None:
    assert set(TITLES) == set(EXPLAINED) == set(NAMES)
    assert len({trigger_text(each) for each in DEFAULT_TRIGGERS}) == len(NAMES)


def test_settings_in_words() -> None:
    assert trigger_text(Trigger(RECIPE, on=False)) == "off"
    assert settings_text(TriggerSettings(on=False)) == "switched off"
    assert settings_text(with_trigger("drift", on=False)) == (
        "changed features or recipe, loss of performance, new labels; 6 h apart, at most 2 a day"
    )
