import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment


@pytest.mark.parametrize(
    ("raw", "meant"), [("1", True), ("Yes", True), ("0", False), ("off", False), ("", False)]
)
def test_a_flag_accepts_the_usual_words(raw: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", raw)
    assert environment.read_flag("ASSAY_X", default=not meant) is meant


@pytest.mark.parametrize("read", [environment.read_flag, environment.read_int, environment.read_float])
def test_an_invalid_value_is_named(read: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", "perhaps")
    with pytest.raises(ImproperlyConfigured, match="ASSAY_X='perhaps'"):
        read("ASSAY_X", 1)  # type: ignore[operator]


def test_a_list_ignores_blank_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", "a, b,,")
    assert environment.read_list("ASSAY_X") == ["a", "b"]


@pytest.mark.parametrize(
    ("redis_url", "broker_url"),
    [
        ("redis://:secret@cache:6379/2", "redis://:secret@cache:6379/2"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
    ],
)
def test_the_default_broker_is_the_online_store_in_celerys_notation(redis_url: str, broker_url: str) -> None:
    assert environment.broker_url(redis_url) == broker_url


def test_apps_are_named_by_package_or_configuration_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", "tests.factories, django.contrib.sites.apps.SitesConfig, tests.factories")
    apps = ["tests.factories", "django.contrib.sites.apps.SitesConfig"]
    assert environment.read_apps("ASSAY_X") == apps


@pytest.mark.parametrize(
    "app", ["signupz", "signupz.inner", "tests.nothing", "sign ups", "tests.nothing.Config"]
)
def test_an_unknown_app_is_named(app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", app)
    with pytest.raises(ImproperlyConfigured, match=f"ASSAY_X names {app!r}, but there is no such module"):
        environment.read_apps("ASSAY_X")
