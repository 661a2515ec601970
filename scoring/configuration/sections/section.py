"""What a section of a configuration file is: items by name, applied by the services of their rooms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from scoring.configuration.errors import ItemInvalid, Path
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.lists.definitions import ListDefinition
from scoring.rules.rules.compiling import Nameable

Key = Path  # of an item within its section: ("payment", "velocity")
Data = Mapping[str, Any]
Item = dict[str, Any]
Items = dict[Key, Item]


@dataclass(slots=True)
class Applying:
    """Who applies a file, and when. `approver`: the second person; if "", changes that need one become
    requests.

    `notes` collects what people must know of the result.
    """

    actor: str
    approver: str
    reason: str
    now: datetime
    prune: bool = False
    notes: list[str] = field(default_factory=list)
    requests: int = 0  # changes that wait for approval now and did not before


@dataclass(slots=True)
class Planning(Applying):
    """`Applying` that changes nothing. `lists`, `banks`: all of them as the file leaves them so far."""

    lists: dict[str, ListDefinition] = field(default_factory=dict)
    banks: dict[str, BankDefinition] = field(default_factory=dict)

    @property
    def nameable(self) -> Nameable:
        """What conditions may name once the file is applied."""
        return Nameable(self.lists, self.banks)


class Section(Protocol):
    """One kind of configuration. `title`: for pages. `depth`: how many names its items have, such as event
    type and rule. `approval`: the permission of the second person who approves changes, "" if none must.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def approval(self) -> str: ...

    def export(self, *, requests: bool = False) -> Items:
        """What is configured now, in the form of the file; with activations that wait, if `requests`."""
        ...

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        """Make an item what the file says. Raises ItemInvalid, or an error of the room that owns it."""
        ...

    def remove(self, key: Key, applying: Applying) -> None:
        """Take an item that the file does not mention out of use."""
        ...

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        """The item, as `export` would give it, if `apply` were called; raises what that would."""
        ...

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        """The item if `remove` were called; raises what that would."""
        ...


TEXT: Final = "text"
NUMBER: Final = "number"
WHOLE: Final = "whole number"
FLAG: Final = "true or false"
LIST: Final = "list"
MAPPING: Final = "mapping"
ENABLED: Final = "enabled"
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    TEXT: (str,),
    NUMBER: (int, float),
    WHOLE: (int,),
    FLAG: (bool,),
    LIST: (list,),
    MAPPING: (dict,),
}


def check_members(
    data: object, kinds: Mapping[str, str], *, required: Collection[str] = (), at: Path = ()
) -> Data:
    """The members of a part of an item. Raises ItemInvalid with every unknown, missing or ill-typed one."""
    if not isinstance(data, dict):
        raise ItemInvalid([(at, "is not a mapping", list(kinds))])
    problems: list[tuple[Path, str, object]] = []
    for name, value in data.items():
        if name not in kinds:
            problems.append(((*at, name), "is not known here", list(kinds)))
        elif not _fits(value, kinds[name]):
            problems.append(((*at, name), f"is {_shown(value)}, not a {kinds[name]}", None))
    problems += [((*at, name), "is missing", kinds[name]) for name in required if data.get(name) is None]
    if problems:
        raise ItemInvalid(problems)
    return data


def check_texts(values: Sequence[object], at: Path, *, what: str = "names") -> None:
    """Raises ItemInvalid if an entry of a list in an item is not text. `what`: what they are."""
    if not all(isinstance(each, str) for each in values):
        raise ItemInvalid([(at, "has an entry that is not text", what)])


def _fits(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == FLAG
    return value is None or isinstance(value, _TYPES[kind])


def _shown(value: object) -> str:
    return value if isinstance(value, str) and len(value) < 40 else type(value).__name__


def invalid_at(at: Path, problems: Sequence[tuple[str, str, object]]) -> ItemInvalid:
    """The problems that a room's own error names, at a part of an item."""
    return ItemInvalid([((*at, *name.split(".")), problem, allowed) for name, problem, allowed in problems])


def as_in_files(data: Mapping[str, Any]) -> dict[str, Any]:
    """Members of settings under the names that files have.

    "on" is "enabled" there, because many readers of YAML take an unquoted on for true.
    """
    return {ENABLED if name == "on" else name: value for name, value in data.items()}


def as_in_settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Members of a file under the names that settings have."""
    return {"on" if name == ENABLED else name: value for name, value in data.items()}


def without_defaults(data: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What differs from the defaults, which files need not say."""
    return {name: value for name, value in data.items() if name not in defaults or value != defaults[name]}
