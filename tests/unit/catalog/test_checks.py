import pytest

from scoring import checks
from scoring.errors import CatalogError


def test_a_sound_catalog_passes() -> None:
    assert checks.check_declarations() == []


def test_a_bad_declaration_is_named_by_module_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise CatalogError("no field 'amonut'", module="shop.event_types", line=12)

    monkeypatch.setattr(checks, "check_catalog", refuse)
    assert [error.msg for error in checks.check_declarations()] == [
        "shop.event_types, line 12: no field 'amonut'"
    ]
