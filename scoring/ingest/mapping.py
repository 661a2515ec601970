"""Which column is what: the mapping of an import, from the command line, a TOML file or Python."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scoring.errors import InvalidMapping

TOML_KEYS = ("type", "source", "id", "timezone", "fields", "constants", "label")
TOML_LABEL_KEYS = ("column", "values", "known_at", "source")


@dataclass(frozen=True, slots=True)
class LabelMapping:
    """Where a row's label is. `values` translates its text; empty: the column holds the labels themselves."""

    column: str = "label"
    values: Mapping[str, str] = field(default_factory=dict)
    known_at: str | None = None
    source: str = "import"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How rows become events of one type.

    `id` names the columns that together identify an event; `fields` gives the column of a field where the
    names differ, `constants` the value of a field that no column holds. `timezone` (IANA) is that of times
    without an offset.
    """

    type: str
    source: str = "import"
    id: tuple[str, ...] = ("id",)
    fields: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    label: LabelMapping | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidMapping(["the id names no column"])
        if self.timezone is not None:
            _check_timezone(self.timezone)

    def describe(self) -> dict[str, Any]:
        """The mapping as plain values: equal mappings give equal descriptions."""
        return asdict(self)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a TOML file as keyword arguments of `ColumnMapping`. Raises InvalidMapping."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidMapping([f"{path}: {error}"]) from error
    _check_keys(str(path), content, TOML_KEYS)
    if "id" in content:
        content["id"] = parse_id(content["id"])
    for key in ("fields", "constants"):
        if key in content:
            content[key] = _texts(f"{path}: [{key}]", content[key])
    if "label" in content:
        _check_keys(f"{path}: [label]", content["label"], TOML_LABEL_KEYS)
        label = dict(content["label"])
        label["values"] = _texts(f"{path}: [label.values]", label.get("values", {}))
        content["label"] = LabelMapping(**label)
    return content


def build_mapping(
    base: Mapping[str, Any],
    *,
    event_type: str | None = None,
    source: str | None = None,
    identity: str | None = None,
    fields: Iterable[str] = (),
    constants: Iterable[str] = (),
    label: str | None = None,
    label_known_at: str | None = None,
    label_source: str | None = None,
    timezone: str | None = None,
) -> ColumnMapping:
    """`base` (of `read_mapping`, or {}) with the options of a command line on top. Raises InvalidMapping."""
    given = {
        "type": event_type,
        "source": source,
        "timezone": timezone,
        "id": parse_id(identity) if identity else None,
    }
    merged = {**base, **{key: value for key, value in given.items() if value is not None}}
    if not merged.get("type"):
        raise InvalidMapping(["no event type: say --type, or type = ... in the mapping file"])
    merged["fields"] = {**merged.get("fields", {}), **parse_pairs("--map", "field=column", fields)}
    merged["constants"] = {**merged.get("constants", {}), **parse_pairs("--set", "field=value", constants)}
    merged["label"] = _merged_label(merged.get("label"), label, label_known_at, label_source)
    return ColumnMapping(**merged)


def parse_id(given: str | Sequence[str]) -> tuple[str, ...]:
    """`trans_num+occurred_at` or a list of columns. Raises InvalidMapping for an empty part.

    >>> parse_id("trans_num + card_id")
    ('trans_num', 'card_id')
    """
    parts = given.split("+") if isinstance(given, str) else given
    columns = tuple(str(part).strip() for part in parts)
    if not columns or not all(columns):
        raise InvalidMapping([f"id {given!r} is not a column or columns joined by +"])
    return columns


def parse_pairs(option: str, shape: str, given: Iterable[str]) -> dict[str, str]:
    """`name=value` texts as a mapping. Raises InvalidMapping for one without `=` or a name given twice.

    >>> parse_pairs("--map", "field=column", ["card=card_id"])
    {'card': 'card_id'}
    """
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise InvalidMapping([f"{option} {text!r} is not of the form {shape}"])
        if pairs.setdefault(name, value) != value:
            raise InvalidMapping([f"{option} gives {name} twice: {pairs[name]!r} and {value!r}"])
    return pairs


def parse_label(given: str) -> LabelMapping:
    """`column` or `column:raw=label,raw=label`.

    >>> parse_label("is_fraud:1=fraud,0=legitimate").values
    {'1': 'fraud', '0': 'legitimate'}
    """
    column, colon, values = given.partition(":")
    if not column.strip() or (colon and not values.strip()):
        raise InvalidMapping([f"--label {given!r} is not of the form column or column:raw=label,raw=label"])
    pairs = parse_pairs("--label", "column:raw=label,raw=label", values.split(",")) if colon else {}
    return LabelMapping(column.strip(), pairs)


def _merged_label(
    base: LabelMapping | None, given: str | None, known_at: str | None, source: str | None
) -> LabelMapping | None:
    label = parse_label(given) if given else base
    if label is None and (known_at or source):
        raise InvalidMapping(["--label-known-at and --label-source describe a label: say --label too"])
    if label is None:
        return None
    kept = base if given and base else label
    return replace(label, known_at=known_at or kept.known_at, source=source or kept.source)


def _check_keys(where: str, given: Any, allowed: Sequence[str]) -> None:
    if not isinstance(given, dict):
        raise InvalidMapping([f"{where} is not a table"])
    unknown = [key for key in given if key not in allowed]
    if unknown:
        raise InvalidMapping([f"{where} has no key {', '.join(unknown)}; allowed: {', '.join(allowed)}"])


def _texts(where: str, given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or any(isinstance(value, (dict, list)) for value in given.values()):
        raise InvalidMapping([f"{where} is not a table of name = value"])
    return {str(name): str(value) for name, value in given.items()}


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidMapping(
            [f"timezone {name!r} is not an IANA name such as UTC or Europe/Berlin"]
        ) from error
