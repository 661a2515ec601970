"""A dry run of an import: examples, problem counts and suggestions. Writes nothing."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scoring.catalog.currency import format_minor
from scoring.catalog.registry import event_type
from scoring.ingest.errors import InvalidMapping
from scoring.ingest.mapping.binding import Binding, bind
from scoring.ingest.mapping.ids import ROW
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.readers.tables import Chunk, SourceTable
from scoring.ingest.rows.chunks import rates_of
from scoring.ingest.rows.event_rows import ParsedChunk, RowParser
from scoring.ingest.rows.label_rows import LabelRowParser, ParsedLabels
from scoring.ingest.suggestions import suggest, suggest_label, values_found
from scoring.ingest.values.missing import merge_counts, word_notes
from scoring.timestamps import to_iso

CHUNK = 1000
EXAMPLES = 3
MAX_REASONS = 15
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\d[\d:.,TZ+-]*")


@dataclass(slots=True)
class _Seen:
    """The counts and samples of the rows so far."""

    rows: int = 0
    taken: int = 0
    silent: int = 0
    blank: int = 0
    rounded: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    # By reason without the values in it: the number of rows, the first row and its full reason.
    rejected: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    unlabeled: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    words: dict[str, dict[str, int]] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)


def preview_table(
    table: SourceTable,
    mapping: ColumnMapping,
    *,
    rows: int | None,
    history: bool,
    labels_only: bool,
    now: datetime,
    progress: Callable[[int], None],
) -> list[str]:
    """Lines that describe how the first `rows` rows (None: all) would be read.

    If the mapping does not fit, they give its problems and suggestions.
    """
    lines = [f"{table.name}: {table.described}"]
    seen = _Seen()
    chunks = _first(table, rows, seen, progress)
    try:
        binding = bind(mapping, table.columns, labels_only=labels_only)
    except InvalidMapping as error:
        for _ in itertools.islice(chunks, 1):
            pass
        lines += ["The mapping does not fit:", *(f"  {problem}" for problem in error.problems)]
        return lines + _suggestions(mapping, seen, {}, labels_only=labels_only)
    parser = RowParser(
        binding, mapping, now=now, rate_of=rates_of(binding.event_type, history=history, now=now)
    )
    parse = LabelRowParser(parser).parse if labels_only else parser.parse
    for chunk in chunks:
        _note(seen, binding, chunk, parse(chunk))
    lines += _outcome(seen, all_rows=rows is None)
    lines += _columns(binding, seen)
    lines += [f"  {note}" for note in word_notes(seen.words, seen.rows, parser.cells.missing)]
    has_label = binding.label is not None
    return lines + _suggestions(
        mapping, seen, dict(binding.columns), label=has_label, labels_only=labels_only
    )


def _first(
    table: SourceTable, rows: int | None, seen: _Seen, progress: Callable[[int], None]
) -> Iterator[Chunk]:
    size = CHUNK if rows is None else max(1, min(rows, CHUNK))
    for chunk in table.chunks(0, size, None):
        seen.rows += chunk.length
        seen.blank += chunk.blank
        for name, values in chunk.columns.items():
            kept = seen.columns.setdefault(name, [])
            kept += values[: max(0, CHUNK - len(kept))]
        progress(chunk.length)
        yield chunk
        if rows is not None and seen.rows >= rows:
            return


def _note(seen: _Seen, binding: Binding, chunk: Chunk, parsed: ParsedChunk | ParsedLabels) -> None:
    seen.taken += len(parsed.rows)
    seen.labels.update(label for label in parsed.stated if label)
    for index, reason in parsed.reasons.items():
        _count(seen.rejected, reason, chunk.first_row + index)
    if isinstance(parsed, ParsedLabels):
        _note_labels(seen, parsed)
    else:
        _note_events(seen, binding, chunk, parsed)


def _note_labels(seen: _Seen, parsed: ParsedLabels) -> None:
    seen.silent += parsed.silent
    for row in parsed.rows[:EXAMPLES]:
        _example(seen, "id", "", row.event_id)
        _example(seen, "label", "", f"{row.value}, known at {_known(row.known_at)}")


def _note_events(seen: _Seen, binding: Binding, chunk: Chunk, parsed: ParsedChunk) -> None:
    seen.rounded += parsed.rounded
    seen.words = merge_counts(seen.words, parsed.words)
    for index, reason in parsed.label_problems.items():
        _count(seen.unlabeled, reason, chunk.first_row + index)
    for row in parsed.rows[: 0 if seen.examples else EXAMPLES]:
        moment = to_iso(row.parsed.occurred_at)
        _example(seen, "id", "", row.parsed.external_id)
        _example(seen, "occurred_at", _raw(chunk, binding, "occurred_at", row.index), moment)
        for name, value in row.parsed.fields.items():
            _example(seen, name, _raw(chunk, binding, name, row.index), _shown(value))
        if row.label:
            _example(seen, "label", "", f"{row.label.value}, known at {_known(row.label.known_at)}")


def _known(known_at: datetime | None) -> str:
    return to_iso(known_at) if known_at else "the time at which labels of the type mature"


def _raw(chunk: Chunk, binding: Binding, name: str, index: int) -> str:
    if name in binding.constants:
        return str(binding.constants[name])
    column = chunk.columns.get(binding.columns.get(name, ""))
    return "" if column is None else str(column[index])


def _example(seen: _Seen, name: str, raw: str, read: str) -> None:
    examples = seen.examples.setdefault(name, [])
    if len(examples) < EXAMPLES:
        examples.append(f"{raw[:40]} -> {read[:60]}" if raw and raw != read else read[:60])


def _shown(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    base = f" = {value['base_minor']} at {value['rate']}" if "rate" in value else ""
    return format_minor(value["minor"], value["currency"]) + base


def _count(counts: dict[str, tuple[int, int, str]], reason: str, row: int) -> None:
    kind = _QUOTED.sub("…", reason)
    count, first, text = counts.get(kind, (0, row, reason))
    counts[kind] = (count + 1, first, text)


def _outcome(seen: _Seen, *, all_rows: bool) -> list[str]:
    rejected = sum(count for count, _, _ in seen.rejected.values())
    silent = f" + {seen.silent:,} without a label" if seen.silent else ""
    which = "all" if all_rows else "the first"
    lines = [
        f"  of {which} {seen.rows:,} rows {seen.taken:,} would be accepted{silent} + {rejected:,} rejected"
    ]
    if seen.blank:
        lines.append(f"  {seen.blank:,} blank rows would be skipped")
    if seen.rounded:
        lines.append(f"  {seen.rounded:,} amounts would be rounded to the decimals of their currency")
    lines += _reasons("rejected", seen.rejected)
    lines += _reasons("imported without their label", seen.unlabeled)
    if seen.labels:
        lines.append(
            "  labels: " + ", ".join(f"{label} ({count:,})" for label, count in seen.labels.most_common())
        )
    return lines


def _reasons(what: str, counts: Mapping[str, tuple[int, int, str]]) -> list[str]:
    ordered = sorted(counts.values(), reverse=True)
    lines = [
        f"  {count:,} {what}, e.g. row {first:,}: {text[:200]}"
        for count, first, text in ordered[:MAX_REASONS]
    ]
    more = len(ordered) - MAX_REASONS
    return lines + ([f"  and {more:,} other reasons"] if more > 0 else [])


def _columns(binding: Binding, seen: _Seen) -> list[str]:
    lines = ["  columns (examples: raw -> parsed):"]
    sources = {
        "id": "row number and content" if binding.id == (ROW,) else "+".join(binding.id),
        **binding.columns,
    }
    names = dict.fromkeys([*sources, *binding.constants, *seen.examples])
    for name in names:
        source = "the same in all rows" if name in binding.constants else sources.get(name, "")
        if source and (name in seen.examples or source in seen.columns):
            examples = "; ".join(seen.examples.get(name, [])) or _unread(seen.columns.get(source, ()))
            lines.append(f"    {name} from {source}: {examples}")
        elif name in seen.examples:
            lines.append(f"    {name}: {'; '.join(seen.examples[name])}")
    unused = [name for name in seen.columns if name not in binding.used]
    if unused:
        lines.append("  unused columns:")
        lines += [f"    {name}: {_sample(seen.columns[name])}" for name in unused[:50]]
    return lines


def _unread(values: Sequence[Any]) -> str:
    """Raw samples of a column without a value in any accepted row."""
    sample = _sample([value for value in values if value is not None])
    return f"{sample} (raw)" if sample else "nothing"


def _sample(values: Sequence[Any]) -> str:
    few = values_found(values)
    return few or ", ".join(str(value)[:30] for value in values if value is not None)[:90]


def _suggestions(
    mapping: ColumnMapping,
    seen: _Seen,
    mapped: Mapping[str, str],
    *,
    label: bool = False,
    labels_only: bool = False,
) -> list[str]:
    kind = event_type(mapping.type)
    if labels_only:
        found = [] if label else list(suggest_label(kind, seen.columns))
    else:
        given = {
            name: column for name, column in {**mapping.fields, **mapped}.items() if column in seen.columns
        }
        same = {name: name for name in kind.payload_names() if name in seen.columns}
        constants = dict.fromkeys(mapping.constants, "")
        label = label or mapping.label is not None
        found = list(suggest(mapping, seen.columns, mapped={**constants, **same, **given}, label=label))
    return ["  suggestions:", *(f"    {line}" for line in found)] if found else []
