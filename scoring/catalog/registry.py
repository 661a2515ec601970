"""The event types there are: the built-in ones and those in a module `event_types` of any installed app."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps

from scoring.batch.views import BatchView
from scoring.catalog.errors import EventTypeNotScored, UnknownEventType, UnknownLane
from scoring.catalog.event_type import EventType

BUILT_IN = ("scoring.event_types.payment", "scoring.event_types.refund")
MODULE_NAME = "event_types"


@cache
def event_types() -> dict[str, type[EventType]]:
    """Every declared event type by name, in order of discovery. Raises CatalogError for a bad declaration."""
    return collect_event_types(_catalog_modules())


def event_type(name: str) -> type[EventType]:
    """The event type of this name. Raises UnknownEventType, which lists the known ones."""
    known = event_types()
    if name not in known:
        raise UnknownEventType(name, tuple(known))
    return known[name]


def scored_type(name: str) -> type[EventType]:
    """The event type of this name, which models decide. Raises UnknownEventType, EventTypeNotScored."""
    found = event_type(name)
    if not found.scored:
        raise EventTypeNotScored(name, tuple(scored_types()))
    return found


def scored_types() -> list[str]:
    """The names of the event types that models decide."""
    return [name for name, kind in event_types().items() if kind.scored]


def lanes() -> dict[str, tuple[type[EventType], ...]]:
    """Every lane with the event types that share it, by name of the type."""
    grouped: dict[str, list[type[EventType]]] = {}
    for declared in sorted(event_types().values(), key=lambda declared: declared.name):
        grouped.setdefault(declared.lane, []).append(declared)
    return {lane: tuple(members) for lane, members in grouped.items()}


def lane_members(lane: str) -> tuple[type[EventType], ...]:
    """The event types of a lane. Raises UnknownLane."""
    grouped = lanes()
    if lane not in grouped:
        raise UnknownLane(lane, tuple(grouped))
    return grouped[lane]


def collect_event_types(modules: Iterable[ModuleType]) -> dict[str, type[EventType]]:
    """The named EventType classes in these modules. Raises CatalogError when two share a name."""
    found: dict[str, type[EventType]] = {}
    for module in modules:
        for member in vars(module).values():
            if isinstance(member, type) and issubclass(member, EventType) and member.name:
                other = found.setdefault(member.name, member)
                if other is not member:
                    raise member.origin.error(
                        f"event type {member.name!r} is already declared"
                        f" in {other.origin.module}, line {other.origin.line}"
                    )
    for view in batch_views_of(found.values()):
        view.check(found)
    return found


def batch_views() -> dict[str, BatchView]:
    """Every batch view that an event type declares, by key ("payment.customer_profile")."""
    return {view.key: view for view in batch_views_of(event_types().values())}


def batch_views_of(members: Iterable[type[EventType]]) -> list[BatchView]:
    """The batch views that these event types declare themselves."""
    return [view for member in members for view in member.batch_views.values()]


def _catalog_modules() -> list[ModuleType]:
    names = [*BUILT_IN, *(f"{app.name}.{MODULE_NAME}" for app in apps.get_app_configs())]
    return [import_module(name) for name in names if name in BUILT_IN or find_spec(name) is not None]
