"""Finds the modules by which apps and their rooms register things.

| module | registers | imported |
|---|---|---|
| `projections` | how entries are folded into tables | when Django is ready |
| `upcasters` | how old entries are read | when Django is ready |
| `checks` | Django's system checks | when Django is ready |
| `consumers` | consumers of the log | when consumers are first asked for |
| `answer_parts` | what else the API answers about an event | when an event is first asked for |
| `configuration_sections` | sections of the configuration file | when that is first read or written |
| `alert_metrics` | metrics that alerts may be set on | when metrics are first asked for |
| `alert_actions` | what alerts may do | when actions are first asked for |
| `double_reviews` | the count of events that two people judged | with the first page or card of a model |
| `admin` | pages and lists of the admin | with the URLs |
| `tasks` | Celery tasks | by workers |
| `event_types` | event types (`scoring.catalog.registry`) | when event types are first asked for |

An app whose config is an `AppWithRooms` may have such a module in itself and in each of its rooms, at any
depth; any other app in itself.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps

AT_START = ("projections", "upcasters", "checks")


class AppWithRooms(AppConfig):
    """An app divided into rooms: packages within it, each of which may have such modules."""

    def ready(self) -> None:
        for name in AT_START:
            for module in _modules_named(name, self):
                import_module(module)


def discover(name: str) -> list[str]:
    """Import every module of this name; returns their paths. A second call imports nothing."""
    modules = [module for app in apps.get_app_configs() for module in _modules_named(name, app)]
    for module in modules:
        import_module(module)
    return modules


def packages_with(name: str) -> list[str]:
    """The packages that have a module of this name, as paths to import."""
    return [
        module.rpartition(".")[0] for app in apps.get_app_configs() for module in _modules_named(name, app)
    ]


def _modules_named(name: str, app: AppConfig) -> Iterator[str]:
    """The app's own module first, then those of its rooms, in order of their paths."""
    root = Path(app.path)
    if (root / f"{name}.py").exists() or (root / name / "__init__.py").exists():
        yield f"{app.name}.{name}"
    if isinstance(app, AppWithRooms):
        for path in sorted(root.glob(f"*/**/{name}.py")):
            yield ".".join([app.name, *path.relative_to(root).with_suffix("").parts])
