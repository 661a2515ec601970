"""Rooms register by having a module of an agreed name; where each is imported is promised by the docs."""

import sys
from pathlib import Path

import pytest
from django.apps import AppConfig
from django.apps import apps as installed

from scoring.discovery import AppWithRooms, discover, packages_with


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app on disk, `lodge`, with a room and a room within that room."""
    for package in ("lodge", "lodge/hall", "lodge/hall/nook"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "lodge"
    for name in [name for name in sys.modules if name.split(".")[0] == "lodge"]:
        del sys.modules[name]


def config_of(path: Path, kind: type[AppConfig], monkeypatch: pytest.MonkeyPatch) -> AppConfig:
    import lodge

    config = kind("lodge", lodge)
    monkeypatch.setattr(installed, "get_app_configs", lambda: [config])
    return config


def test_modules_are_found_in_the_app_and_in_rooms_at_any_depth(app, monkeypatch):
    for place in (app, app / "hall", app / "hall/nook"):
        (place / "pieces.py").touch()
    config_of(app, AppWithRooms, monkeypatch)
    assert discover("pieces") == ["lodge.pieces", "lodge.hall.nook.pieces", "lodge.hall.pieces"]
    assert "lodge.hall.nook.pieces" in sys.modules
    assert packages_with("pieces") == ["lodge", "lodge.hall.nook", "lodge.hall"]


def test_of_an_app_without_rooms_only_its_own_module_is_imported(app, monkeypatch):
    for place in (app, app / "hall"):
        (place / "pieces.py").touch()
    config_of(app, AppConfig, monkeypatch)
    assert discover("pieces") == ["lodge.pieces"]


def test_a_package_of_that_name_counts_as_the_apps_module(app, monkeypatch):
    (app / "pieces").mkdir()
    (app / "pieces/__init__.py").touch()
    config_of(app, AppWithRooms, monkeypatch)
    assert discover("pieces") == ["lodge.pieces"]


def test_rooms_without_such_a_module_are_not_imported(app, monkeypatch):
    (app / "hall" / "pieces.py").touch()
    config_of(app, AppWithRooms, monkeypatch)
    discover("pieces")
    assert "lodge.hall.nook" not in sys.modules


def test_an_error_within_a_module_is_raised_rather_than_taken_for_its_absence(app, monkeypatch):
    (app / "pieces.py").write_text("import there_is_no_such_module")
    config_of(app, AppWithRooms, monkeypatch)
    with pytest.raises(ModuleNotFoundError, match="there_is_no_such_module"):
        discover("pieces")


def test_projections_upcasters_and_checks_are_imported_when_the_app_is_ready(app, monkeypatch):
    for name in ("projections", "upcasters", "checks", "consumers"):
        (app / "hall" / f"{name}.py").touch()
    config_of(app, AppWithRooms, monkeypatch).ready()
    assert {name for name in sys.modules if name.startswith("lodge.hall.")} == {
        "lodge.hall.projections",
        "lodge.hall.upcasters",
        "lodge.hall.checks",
    }
