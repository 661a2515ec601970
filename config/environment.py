"""Typed reading of environment variables, the only source of settings."""

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def read_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def read_flag(name: str, default: bool) -> bool:
    raw = os.environ.get(name, "1" if default else "0").strip().lower()
    if raw not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a yes/no value; use 1 or 0")
    return raw in TRUE


def read_int(name: str, default: int) -> int:
    raw = os.environ.get(name, str(default))
    try:
        return int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number") from None


def read_float(name: str, default: float) -> float:
    raw = os.environ.get(name, str(default))
    try:
        return float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a number") from None


def read_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def read_apps(name: str) -> list[str]:
    """Django apps, separated by commas. Raises ImproperlyConfigured for one that cannot be imported."""
    apps = list(dict.fromkeys(read_list(name)))
    for app in apps:
        if not _can_be_found(app):
            raise ImproperlyConfigured(
                f"{name} names {app!r}, but there is no such module. Name a package such as signups, and put"
                " the directory it lies in on the Python path (PYTHONPATH) of every process."
            )
    return apps


def _can_be_found(app: str) -> bool:
    """Whether the package exists, or the module of the AppConfig that `app` names instead."""
    package, _, last = app.rpartition(".")
    module = package if package and last[:1].isupper() else app
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # its parent is not there, or it is no name of a module
        return False


def read_path(name: str, default: Path) -> Path:
    return Path(os.environ.get(name) or default).resolve()


def broker_url(redis_url: str) -> str:
    """A Redis URL in Celery's spelling, which differs for Unix sockets."""
    if not redis_url.startswith("unix://"):
        return redis_url
    parts = urlsplit(redis_url)
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
