"""What alerts may do, such as rolling back the champion: the actions that rooms register.

A room registers its actions in its module `alert_actions`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol

from monitoring.alerts.errors import UnknownAction
from monitoring.alerts.models import Alert
from scoring.discovery import discover

MODULE = "alert_actions"


class Run(Protocol):
    """Takes an action because of an alert, and says in a sentence what was done.

    Runs in a transaction, which is rolled back if it raises ScoringError: why the action is not possible.
    """

    def __call__(self, alert: Alert, *, now: datetime, actor: str) -> str: ...


def for_every_alert(alert: Alert) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do about an alert. `may`: the permission that people need ("app.codename").

    `effect`: what it changes, a sentence for the page that asks for confirmation. `fits`: whether it can
    concern an alert at all, such as one about an event type.
    """

    name: str
    title: str
    run: Run
    may: str
    effect: str = ""
    fits: Callable[[Alert], bool] = for_every_alert


_actions: dict[str, Action] = {}


def register_action(
    name: str,
    title: str,
    run: Run,
    may: str,
    *,
    effect: str = "",
    fits: Callable[[Alert], bool] = for_every_alert,
) -> Action:
    """Register an action. Raises ValueError if there is another one with its name."""
    action = Action(name, title, run, may, effect, fits)
    if _actions.setdefault(name, action) != action:
        raise ValueError(f"there are two actions named {name!r}")
    return action


def actions() -> dict[str, Action]:
    """All actions by name, in alphabetical order."""
    _import_actions()
    return {name: _actions[name] for name in sorted(_actions)}


def find_action(name: str) -> Action:
    """Raises UnknownAction."""
    found = actions()
    if name not in found:
        raise UnknownAction(name, known=list(found))
    return found[name]


@cache
def _import_actions() -> None:
    discover(MODULE)
