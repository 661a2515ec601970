"""The declared event types: those in a module or package `event_types` of an installed app."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from django.apps import apps

from scoring.catalog.errors import EventTypeNotScored, UnknownEventType, UnknownLane
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.outcomes import merge_outcomes

MODULE_NAME = "event_types"


@cache
def event_types() -> dict[str, type[EventType]]:
    """Every declared event type by name; those of a lane stand together, in order of discovery.

    Raises CatalogError for a bad declaration.
    """
    found = collect_event_types(import_module(name) for name in event_type_modules())
    return dict(sorted(found.items(), key=lambda item: item[1].lane))


def event_type(name: str) -> type[EventType]:
    """The event type of this name. Raises UnknownEventType, which lists the known ones."""
    known = event_types()
    if name not in known:
        raise UnknownEventType(name, tuple(known))
    return known[name]


def scored_type(name: str) -> type[EventType]:
    """The scored event type of this name. Raises UnknownEventType, EventTypeNotScored."""
    found = event_type(name)
    if not found.scored:
        raise EventTypeNotScored(name, tuple(scored_types()))
    return found


def scored_types() -> list[str]:
    """The names of the scored event types."""
    return [name for name, kind in event_types().items() if kind.scored]


def all_outcomes() -> tuple[str, ...]:
    """The outcomes of all scored event types, the mildest first."""
    return merge_outcomes(kind.outcomes for kind in event_types().values() if kind.scored)


def first_entity(event_type_name: str) -> str:
    """The type's first entity field: the unit of assignment to arms and of resampling."""
    fields = event_type(event_type_name).fields
    return next(name for name, field in fields.items() if isinstance(field, Entity))


def lanes() -> dict[str, tuple[type[EventType], ...]]:
    """Every lane with the event types that share it, ordered by name."""
    grouped: dict[str, list[type[EventType]]] = {}
    for declared in sorted(event_types().values(), key=lambda declared: declared.name):
        grouped.setdefault(declared.lane, []).append(declared)
    return {lane: tuple(members) for lane, members in sorted(grouped.items())}


def lane_members(lane: str) -> tuple[type[EventType], ...]:
    """The event types of a lane. Raises UnknownLane."""
    grouped = lanes()
    if lane not in grouped:
        raise UnknownLane(lane, tuple(grouped))
    return grouped[lane]


def collect_event_types(modules: Iterable[ModuleType]) -> dict[str, type[EventType]]:
    """The named EventType classes in these modules. Raises CatalogError if two share a name."""
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
    for view in (view for member in found.values() for view in member.batch_views.values()):
        view.check(found)
    return found


def event_type_modules() -> list[str]:
    """The modules `event_types` of the installed apps, by name; of a package, the modules in it."""
    found = (find_spec(f"{app.name}.{MODULE_NAME}") for app in apps.get_app_configs())
    return [name for spec in found if spec is not None for name in _modules_of(spec)]


def _modules_of(spec: ModuleSpec) -> list[str]:
    inside = sorted(module.name for module in iter_modules(spec.submodule_search_locations or ()))
    return [spec.name, *(f"{spec.name}.{name}" for name in inside)]
