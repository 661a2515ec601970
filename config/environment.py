"""Environment variables, the only source of settings: environs parses them, and errors quote the value."""

import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import EnvValidationError, ValidationError, env
from marshmallow import fields

T = TypeVar("T")

DISK = "django.core.files.storage.FileSystemStorage"


class Flag(fields.Boolean):
    """Yes or no, in any case and with blanks around it. An empty value means no."""

    falsy = fields.Boolean.falsy | {""}
    default_error_messages = {"invalid": "Not a yes/no value; use 1 or 0."}

    def _deserialize(self, value: str, *args: Any, **options: Any) -> bool:
        return super()._deserialize(value.strip().lower(), *args, **options)


env.add_parser_from_field("flag", Flag)


def read(parser: Callable[..., T], name: str, default: T, **options: Any) -> T:
    """What one of the parsers of `env` makes of a variable. Raises ImproperlyConfigured for a wrong value."""
    try:
        return parser(name, default, **options)
    except EnvValidationError as error:
        allowed = " ".join(error.error_messages)
        raise ImproperlyConfigured(f"{name}={os.environ[name]!r} is invalid. {allowed}") from None


def read_list(name: str, default: str = "", **options: Any) -> list[str]:
    """Items separated by commas, without the blanks around them and without empty items."""
    items = read(env.list, name, default.split(","), subcast=str.strip, **options)
    return [item for item in items if item]


def read_named_files(name: str) -> dict[str, str]:
    """Paths by name, from "name=path,name=path". Raises ImproperlyConfigured for anything else."""
    files: dict[str, str] = {}
    for item in read_list(name):
        named, _, path = map(str.strip, item.partition("="))
        if not named.isidentifier() or not path:
            allowed = "Write name=path, with letters, digits and _ in the name, and commas between several."
            raise ImproperlyConfigured(f"{name}={os.environ[name]!r} is invalid: {item!r}. {allowed}")
        files[named] = path
    return files


def read_secrets(prefix: str) -> dict[str, str]:
    """The values of all variables that begin with the prefix, by the rest of their names in small letters."""
    return {
        name.removeprefix(prefix).lower(): value.strip()
        for name, value in os.environ.items()
        if name.startswith(prefix) and value.strip()
    }


def check_apps(apps: list[str]) -> None:
    """Raises ValidationError for a Django app that cannot be imported."""
    for app in filter(None, apps):
        if not _can_be_found(app):
            raise ValidationError(
                f"There is no module {app!r}. Name a package such as signups, and put the directory that"
                " contains it on the Python path (PYTHONPATH) of every process."
            )


def _can_be_found(app: str) -> bool:
    """Whether the package exists, or the module of the AppConfig that `app` names instead."""
    package, _, last = app.rpartition(".")
    module = package if package and last[:1].isupper() else app
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # its parent is not there, or it is no name of a module
        return False


def media_storage(directory: Path) -> dict[str, Any]:
    """The entry of Django's STORAGES for uploaded media: a class with its options, by default a directory.

    Raises ImproperlyConfigured for options that are no JSON object.
    """
    backend = env.str("ASSAY_MEDIA_STORAGE", "") or DISK
    text = env.str("ASSAY_MEDIA_STORAGE_OPTIONS", "")
    try:
        given = json.loads(text) if text else {}
    except ValueError:
        given = None
    if not isinstance(given, dict):
        allowed = 'Write the options of the storage class as a JSON object, such as {"bucket_name": "media"}.'
        raise ImproperlyConfigured(f"ASSAY_MEDIA_STORAGE_OPTIONS={text!r} is invalid. {allowed}")
    # Read by the user of the processes alone.
    own = {"location": str(directory), "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    return {"BACKEND": backend, "OPTIONS": (own if backend == DISK else {}) | given}


def broker_url(redis_url: str) -> str:
    """A Redis URL in Celery's spelling, which differs for Unix sockets."""
    if not redis_url.startswith("unix://"):
        return redis_url
    parts = urlsplit(redis_url)
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"


def check_http_url(url: str) -> None:
    """Raises ValidationError for anything but "" and an address of a server."""
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.netloc):
        raise ValidationError("Write the address of a server, such as http://mlflow.example.org:5000.")
