"""The column mapping of an import, from the command line, a TOML file or Python."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from scoring.ingest.errors import InvalidMapping
from scoring.ingest.readers.options import READ_AS_FOUND, ReadOptions
from scoring.ingest.values.numerals import Numerals
from scoring.ingest.values.times import TimeRule
from scoring.intake.label_sources import canonical_source

# Optional keys; `delimiter`, `encoding` ... control how the file is read.
_NUMERALS = ("decimal", "thousands")
_TIMES = ("time_format", "time_unit", "time_origin")
_READING = ("delimiter", "encoding", "skip_lines", "format")
_MORE = ("missing", "usual_missing", "round")
TOML_KEYS = (
    *("type", "source", "id", "timezone", "fields", "constants", "label"),
    *_TIMES,
    *_NUMERALS,
    *_MORE,
    *_READING,
)
TOML_LABEL_KEYS = ("column", "values", "value", "known_at", "source", "time_format", "policies")

ANY_OTHER = "*"  # in the `values` of a label: all other values; mapped to "" they give no label


@dataclass(frozen=True, slots=True)
class LabelMapping:
    """The source of a row's label. `values` maps its text to labels; empty: the column contains labels.

    `value` is the same label for every row, without a column. `time_format`: of known-at, if not ISO 8601.
    `policies`: the column with the policies that an event breaks.
    """

    column: str = "label"
    values: Mapping[str, str] = field(default_factory=dict)
    known_at: str | None = None
    source: str = "import"
    value: str = ""
    time_format: str | None = None
    policies: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", canonical_source(self.source))

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are read, by purpose."""
        of_label = {} if self.value else {"the label": self.column}
        others = {"the label's known-at": self.known_at, "the label's policies": self.policies}
        return of_label | {purpose: column for purpose, column in others.items() if column}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How rows become events of one type.

    `id` names the columns that together identify an event, or is the rule `row`; `fields` gives the column of
    a field if the names differ, `constants` the value of a field without a column. `timezone` (IANA) applies
    to times without an offset; `time_format`, `time_unit` and `time_origin` are as in TimeRule, `decimal` and
    `thousands` as in Numerals. `missing` are words for missing values, in addition to the usual ones unless
    `usual_missing` is off. With `round`, amounts with too many decimals are rounded half to even.
    """

    type: str
    source: str = "import"
    id: tuple[str, ...] = ("id",)
    fields: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    label: LabelMapping | None = None
    timezone: str | None = None
    time_format: str | None = None
    time_unit: str | None = None
    time_origin: str | None = None
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = ()
    usual_missing: bool = True
    round: bool = False
    reading: ReadOptions = READ_AS_FOUND

    def __post_init__(self) -> None:
        if not self.id:
            raise InvalidMapping(["the id names no column"])
        _ = self.times, self.numerals  # validates them

    @property
    def times(self) -> TimeRule:
        return TimeRule(self.timezone, self.time_format, self.time_unit, self.time_origin)

    @property
    def numerals(self) -> Numerals:
        return Numerals(self.decimal, self.thousands)

    def describe(self) -> dict[str, Any]:
        """The mapping as plain values: equal mappings give equal descriptions.

        Options at their defaults are omitted, so that adding an option does not change existing imports.
        """
        described = {each: value for each, value in asdict(self).items() if each not in self._defaulted()}
        if self.label:
            described["label"] = {
                each: value
                for each, value in asdict(self.label).items()
                if value or each not in ("value", "time_format", "policies")
            }
        return described

    def _defaulted(self) -> set[str]:
        optional = {*_TIMES, *_NUMERALS, *_MORE, "reading"}
        return {
            each.name
            for each in fields(self)
            if each.name in optional and getattr(self, each.name) == each.default
        }


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
    if "missing" in content:
        content["missing"] = _words(f"{path}: missing", content["missing"])
    for key, kind in _KINDS.items():
        if key in content and type(content[key]) is not kind:
            raise InvalidMapping([f"{path}: {key} is {content[key]!r}, not a {_KIND_NAMES[kind]}"])
    if reading := {key: content.pop(key) for key in _READING if key in content}:
        content["reading"] = _reading(**reading)
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
    label_value: str | None = None,
    label_known_at: str | None = None,
    label_source: str | None = None,
    label_time_format: str | None = None,
    label_policies: str | None = None,
    missing: Iterable[str] = (),
    **more: Any,
) -> ColumnMapping:
    """`base` (from `read_mapping`, or {}) overridden by command-line options. Raises InvalidMapping.

    `more`: other arguments of ColumnMapping and ReadOptions; None if not given.
    """
    given = {
        "type": event_type,
        "source": source,
        "id": parse_id(identity) if identity is not None else None,
        **{key: value for key, value in more.items() if key not in _READING},
    }
    merged = {**base, **{key: value for key, value in given.items() if value is not None}}
    reading = {key: value for key, value in more.items() if key in _READING and value is not None}
    merged["reading"] = _reading(merged.get("reading", READ_AS_FOUND), **reading)
    merged["missing"] = (*merged.get("missing", ()), *missing)
    if not merged.get("type"):
        raise InvalidMapping(["no event type: use --type, or type = ... in the mapping file"])
    merged["fields"] = {**merged.get("fields", {}), **parse_pairs("--map", "field=column", fields)}
    merged["constants"] = {**merged.get("constants", {}), **parse_pairs("--set", "field=value", constants)}
    said = {
        "known_at": label_known_at,
        "source": label_source,
        "time_format": label_time_format,
        "policies": label_policies,
    }
    merged["label"] = _merged_label(
        merged.get("label"),
        label,
        label_value,
        {key: value for key, value in said.items() if value is not None},
    )
    return ColumnMapping(**merged)


def parse_id(given: str | Sequence[str]) -> tuple[str, ...]:
    """An id given as `trans_num+occurred_at` or as a list. Raises InvalidMapping for an empty part.

    >>> parse_id("trans_num + card_id")
    ('trans_num', 'card_id')
    """
    parts = given.split("+") if isinstance(given, str) else given
    columns = tuple(str(part).strip() for part in parts)
    if not columns or not all(columns):
        raise InvalidMapping([f"id {given!r} is not a column or columns joined by +"])
    return columns


def parse_pairs(option: str, shape: str, given: Iterable[str], *, empty: bool = False) -> dict[str, str]:
    """`name=value` texts as a mapping; with `empty`, also `name=`.

    Raises InvalidMapping for one without `=` or a name given twice.

    >>> parse_pairs("--map", "field=column", ["card=card_id"])
    {'card': 'card_id'}
    """
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and (value or empty)):
            raise InvalidMapping([f"{option} {text!r} is not of the form {shape}"])
        if pairs.setdefault(name, value) != value:
            raise InvalidMapping([f"{option} gives {name} twice: {pairs[name]!r} and {value!r}"])
    return pairs


def parse_label(given: str) -> LabelMapping:
    """A label given as `column` or `column:raw=label,*=label`; `*` means all others, `raw=` no label.

    >>> parse_label("is_fraud:1=fraud,*=").values
    {'1': 'fraud', '*': ''}
    """
    column, colon, values = given.partition(":")
    shape = "column or column:raw=label,raw=label,*=label"
    if not column.strip() or (colon and not values.strip()):
        raise InvalidMapping([f"--label {given!r} is not of the form {shape}"])
    pairs = parse_pairs("--label", shape, values.split(","), empty=True) if colon else {}
    return LabelMapping(column.strip(), pairs)


def _merged_label(
    base: LabelMapping | None, given: str | None, value: str | None, said: Mapping[str, Any]
) -> LabelMapping | None:
    if given is not None and value is not None:
        raise InvalidMapping(
            ["--label and --label-value exclude each other: the label is in a column or the same in all rows"]
        )
    if given is not None:
        label: LabelMapping | None = parse_label(given)
    else:
        label = base if value is None else LabelMapping(value=value)
    if label is None:
        if said:
            raise InvalidMapping(
                ["--label-known-at, --label-source, --label-time-format and --label-policies require --label"]
            )
        return None
    if base and label is not base:
        label = replace(
            label,
            known_at=base.known_at,
            source=base.source,
            time_format=base.time_format,
            policies=base.policies,
        )
    return replace(label, **said)


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


def _words(where: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or any(not isinstance(word, str) for word in given):
        raise InvalidMapping([f'{where} is not a list of words, e.g. ["-", "unknown"]'])
    return tuple(given)


_KINDS: Mapping[str, type] = {
    **dict.fromkeys(
        ("type", "source", "timezone", *_TIMES, *_NUMERALS, "delimiter", "encoding", "format"), str
    ),
    **dict.fromkeys(("usual_missing", "round"), bool),
    "skip_lines": int,
}
_KIND_NAMES = {str: "text", bool: "true or false", int: "whole number"}


def _reading(base: ReadOptions = READ_AS_FOUND, **said: Any) -> ReadOptions:
    return replace(base, **{"form" if key == "format" else key: value for key, value in said.items()})
