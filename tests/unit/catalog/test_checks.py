import pytest
from django.conf import settings
from django.test import override_settings

from scoring import checks
from scoring.declare.errors import CatalogError


def test_a_valid_catalog_passes() -> None:
    assert checks.check_declarations() == []


def test_an_error_names_the_module_and_line_of_a_bad_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise CatalogError("no field 'amonut'", module="shop.event_types", line=12)

    monkeypatch.setattr("scoring.features.compile.plan.check_catalog", refuse)
    assert [error.msg for error in checks.check_declarations()] == [
        "shop.event_types, line 12: no field 'amonut'"
    ]


def test_an_own_app_without_event_types_gets_a_warning() -> None:
    with override_settings(
        OWN_APPS=["tests.factories.apps.Config", "django.contrib.sites"],
        INSTALLED_APPS=[*settings.INSTALLED_APPS, "django.contrib.sites"],
    ):
        messages = checks.check_own_apps()
    assert [message.id for message in messages] == ["scoring.W001"]
    assert "ASSAY_APPS names 'django.contrib.sites'" in messages[0].msg
    assert checks.check_own_apps() == []
