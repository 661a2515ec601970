"""The actions on a model version's page, each with its permission and its confirmation message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scoring.learning.promotion import gate
from scoring.learning.promotion import promote as promotion
from scoring.registry.errors import InvalidRoute
from scoring.registry.models import ModelVersion

APPROVE, PROMOTE = "scoring.approve_modelversion", "scoring.promote_modelversion"

GROUPS = "groups_of_actor"  # in what the page passes on, whatever the form sent: names by line
Given = Mapping[str, str]  # what the form sent


@dataclass(frozen=True)
class ModelAction:
    """`act(version, given, actor, now)` does it and returns a sentence that says what was done."""

    permission: str
    act: Callable[[ModelVersion, Given, str, datetime], str]


def _approve(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    groups = given.get(GROUPS, "").splitlines()
    gate.approve(version.name, actor=actor, note=given.get("note", ""), now=now, groups=groups)
    return f"{version.name} was approved. It can be promoted, or tried as a canary or shadow first."


def _reject(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    gate.reject(version.name, actor=actor, note=given.get("note", ""), now=now)
    return f"{version.name} was rejected and cannot be deployed."


def _promote(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    promotion.promote(version.name, actor=actor, now=now)
    return f"{version.name} decides every {version.event_type} from now on."


def _start_shadow(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    promotion.start_shadow(version.name, actor=actor, now=now)
    return f"{version.name} now scores every {version.event_type} in shadow; it decides nothing."


def _start_canary(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    percent = read_percent(given.get("percent", ""), event_type=version.event_type)
    promotion.start_canary(version.name, share=percent / 100, actor=actor, now=now)
    share = f"{percent:g}\N{NO-BREAK SPACE}%"
    return f"{version.name} now decides {share} of the traffic; the champion decides the rest."


def _stop(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    promotion.stop_arm(version.name, actor=actor, now=now)
    return f"{version.name} was removed from the route."


def _roll_back(version: ModelVersion, given: Given, actor: str, now: datetime) -> str:
    entry = promotion.roll_back(version.event_type, actor=actor, now=now)
    return f"Rolled back: {entry.data['arms'][0]['model']} decides every {version.event_type} again."


ACTIONS = {
    "approve": ModelAction(APPROVE, _approve),
    "reject": ModelAction(APPROVE, _reject),
    "promote": ModelAction(PROMOTE, _promote),
    "shadow": ModelAction(PROMOTE, _start_shadow),
    "canary": ModelAction(PROMOTE, _start_canary),
    "stop": ModelAction(PROMOTE, _stop),
    "roll_back": ModelAction(PROMOTE, _roll_back),
}


def read_percent(text: str, *, event_type: str) -> float:
    """A percentage as typed. Raises InvalidRoute if it is not a number."""
    try:
        return float(text.replace(",", ".").strip().removesuffix("%"))
    except ValueError:
        raise InvalidRoute(event_type, f"{text!r} is not a percentage; enter a number such as 10") from None
