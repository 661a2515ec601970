"""System checks of the catalog for `manage.py check`."""

from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from scoring.catalog.registry import MODULE_NAME
from scoring.declare.errors import CatalogError


@register("catalog")
def check_declarations(**_: Any) -> list[CheckMessage]:
    """An error for a bad declaration, with its module and line."""
    from scoring.features.compile.plan import check_catalog  # noqa: PLC0415 (numpy: most commands check nothing)

    try:
        check_catalog()
    except CatalogError as error:
        return [Error(str(error), id="scoring.E001")]
    return []


@register("catalog")
def check_own_apps(**_: Any) -> list[CheckMessage]:
    """A warning for every app in ASSAY_APPS without event types: it was probably named by mistake."""
    return [
        Warning(
            f"ASSAY_APPS names {app.name!r}, but {app.name}.{MODULE_NAME} does not exist, so it adds no event"
            " type. Put the event types into a module of this name.",
            id="scoring.W001",
        )
        for app in apps.get_app_configs()
        if _is_own(app.name) and find_spec(f"{app.name}.{MODULE_NAME}") is None
    ]


def _is_own(name: str) -> bool:
    """Whether ASSAY_APPS names the app, or an AppConfig of it."""
    return any(entry == name or entry.startswith(f"{name}.") for entry in settings.OWN_APPS)
