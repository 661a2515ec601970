"""System checks of the catalog for `manage.py check`."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.registry import MODULE_NAME, event_types
from scoring.catalog.signals.reference_files import (
    ReferenceFile,
    UnreadableReference,
    disposable_domains,
    network_list,
)
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


@register("catalog")
def check_reference_files(**_: Any) -> list[CheckMessage]:
    """An error for every list that cannot be read."""
    files: dict[str, ReferenceFile[Any] | None] = {"ASSAY_DISPOSABLE_DOMAINS": disposable_domains()}
    files |= {f"ASSAY_NETWORK_LISTS, {name}": network_list(name) for name in settings.NETWORK_LISTS}
    return list(_unreadable(files))


@register("catalog")
def check_external_signals(**_: Any) -> list[CheckMessage]:
    """An error for every external signal that the settings do not let ask its service."""
    try:
        signals = [
            (f"{kind.name}.{name}", signal)
            for kind in event_types().values()
            for name, signal in kind.external_signals.items()
        ]
    except CatalogError:
        return []  # another check reports it
    return [
        Error(problem, id="scoring.E003") for name, signal in signals for problem in _refusals(name, signal)
    ]


def _refusals(name: str, signal: ExternalSignal) -> Iterator[str]:
    if not (signal.is_encrypted_or_local or settings.EXTERNAL_SIGNALS_PLAIN_HTTP):
        yield (
            f"{name} would send values unencrypted to another machine ({signal.url}), so it is never fetched."
            " Use https://, or set ASSAY_EXTERNAL_SIGNALS_PLAIN_HTTP=1 in a network that you trust."
        )
    if signal.secret and signal.secret not in settings.SIGNAL_SECRETS:
        variable = f"ASSAY_SIGNAL_SECRET_{signal.secret.upper()}"
        yield f"{name} needs the secret {signal.secret!r}, so it is never fetched. Set {variable}."


@register("catalog")
def check_network_lists(**_: Any) -> list[CheckMessage]:
    """A warning for every network list that a field names and the installation lacks."""
    try:
        return list(_unset_networks())
    except CatalogError:
        return []  # another check reports it


def _unreadable(files: Mapping[str, ReferenceFile[Any] | None]) -> Iterator[CheckMessage]:
    for setting, file in files.items():
        try:
            if file:
                file.read()
        except UnreadableReference as error:
            yield Error(f"{setting}: {error}", id="scoring.E002")


def _unset_networks() -> Iterator[CheckMessage]:
    for kind in event_types().values():
        for name, field in kind.fields.items():
            for network in field.networks if isinstance(field, IpAddress) else ():
                if network not in settings.NETWORK_LISTS:
                    yield Warning(
                        f"{kind.name}.{name} is looked up in the network list {network!r}, which"
                        " ASSAY_NETWORK_LISTS does not name, so this signal is missing."
                        f" Add {network}=/path/of/its/file to the setting.",
                        id="scoring.W002",
                    )


def _is_own(name: str) -> bool:
    """Whether ASSAY_APPS names the app, or an AppConfig of it."""
    return any(entry == name or entry.startswith(f"{name}.") for entry in settings.OWN_APPS)
