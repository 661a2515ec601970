import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured
from environs import env
from marshmallow.validate import OneOf, Range

from config import environment
from config.environment import check_apps, read, read_list, read_named_files


@pytest.mark.parametrize(
    ("raw", "meant"),
    [("1", True), ("Yes", True), (" tRUE ", True), ("0", False), ("off", False), ("", False), (" ", False)],
)
def test_a_flag_accepts_the_usual_words(raw: str, meant: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", raw)
    assert read(env.flag, "ASSAY_X", default=not meant) is meant


@pytest.mark.parametrize(
    ("parser", "default"),
    [(env.flag, True), (env.flag, False), (env.int, 5), (env.float, 0.5), (env.str, "INFO")],
)
def test_the_default_holds_where_nothing_is_set(parser: Callable[..., object], default: object) -> None:
    assert read(parser, "ASSAY_NOT_SET", default) == default


@pytest.mark.parametrize(
    ("parser", "raw", "allowed"),
    [
        (env.flag, "perhaps", "Not a yes/no value; use 1 or 0."),
        (env.int, "perhaps", "Not a valid integer."),
        (env.int, "", "Not a valid integer."),
        (env.int, "1.5", "Not a valid integer."),
        (env.float, "perhaps", "Not a valid number."),
        (env.float, "nan", "Special numeric values (nan or infinity) are not permitted."),
    ],
)
def test_an_invalid_value_is_named(
    parser: Callable[..., object], raw: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_X", raw)
    with pytest.raises(ImproperlyConfigured) as refused:
        read(parser, "ASSAY_X", 1)
    assert str(refused.value) == f"ASSAY_X={raw!r} is invalid. {allowed}"


def test_a_value_that_is_not_allowed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", "0")
    with pytest.raises(
        ImproperlyConfigured, match=r"^ASSAY_X='0' is invalid\. Must be greater than .* to 1\."
    ):
        read(env.int, "ASSAY_X", 16, validate=Range(min=1))
    with pytest.raises(
        ImproperlyConfigured, match=r"^ASSAY_X='0' is invalid\. Must be one of: INFO, ERROR\."
    ):
        read(env.str, "ASSAY_X", "INFO", validate=OneOf(["INFO", "ERROR"]))


def test_a_list_ignores_blank_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", "a, b,,")
    assert read_list("ASSAY_X") == ["a", "b"]


@pytest.mark.parametrize("raw", ["", " ", ","])
def test_a_blank_list_is_empty_whatever_its_default(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", raw)
    assert read_list("ASSAY_X", "a,b") == []


def test_the_default_of_a_list_is_split_as_well() -> None:
    assert (read_list("ASSAY_NOT_SET", "a,b"), read_list("ASSAY_NOT_SET")) == (["a", "b"], [])


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


def test_apps_are_named_by_package_or_configuration_class() -> None:
    check_apps(["tests.factories", "django.contrib.sites.apps.SitesConfig", ""])


@pytest.mark.parametrize(
    "app", ["signupz", "signupz.inner", "tests.nothing", "sign ups", "tests.nothing.Config"]
)
def test_an_unknown_app_is_named(app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_X", f"tests.factories, {app}")
    with pytest.raises(ImproperlyConfigured, match=f"^ASSAY_X=.* is invalid. There is no module {app!r}"):
        read_list("ASSAY_X", validate=check_apps)


def test_files_have_names(monkeypatch):
    monkeypatch.setenv("ASSAY_X", " tor = /lists/tor.txt , dc=/lists/a=b.txt,")
    assert read_named_files("ASSAY_X") == {"tor": "/lists/tor.txt", "dc": "/lists/a=b.txt"}
    assert read_named_files("ASSAY_NOT_SET") == {}


@pytest.mark.parametrize("item", ["tor", "tor=", "=/lists/tor.txt", "data centers=/lists/dc.txt"])
def test_a_file_without_a_name_or_path_is_refused(monkeypatch, item):
    monkeypatch.setenv("ASSAY_X", f"ok=/ok.txt,{item}")
    with pytest.raises(ImproperlyConfigured, match=re.escape(f"is invalid: {item!r}. Write name=path")):
        read_named_files("ASSAY_X")
