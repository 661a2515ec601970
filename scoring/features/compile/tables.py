"""Builds the integer tables that the kernel interprets, from programs and the final layouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.catalog.event_type import EventType
from scoring.catalog.time_zones import Clock, find_time_zone
from scoring.features import opcodes as op
from scoring.features.compile.condition_tests import FieldTest
from scoring.features.compile.key_columns import KeyColumns
from scoring.features.compile.layout import (
    Kind,
    KindLayout,
    RingColumn,
    StatePart,
    clears_to_nan,
    distinguishing_role,
)
from scoring.features.compile.program import Operation, ProgramBuilder, Ref

_ADDED = {"count": op.ADD_COUNT, "sum": op.ADD_SUM, "square": op.ADD_SQUARE, "known": op.ADD_KNOWN}
_KEPT = {"min": op.KEEP_MIN, "max": op.KEEP_MAX}
_PARTS = {
    "last": op.KEEP_LAST,
    "point": op.KEEP_POINT,
    "value": op.KEEP_VALUE,
    "hash": op.KEEP_HASH,
    "map": op.KEEP_IN_MAP,
    "session": op.COUNT_IN_SESSION,
}

Write = tuple[int, int, int, int, int, int]  # opcode, ring or -1, offset, argument, argument, filter or -1
KeyFields = tuple[tuple[int, Kind], ...]  # (key column, fields of its key)


@dataclass(slots=True)
class KernelTables:
    """`code` holds a [start, length] header for each of `opcodes.TABLES`, then their rows in turn."""

    code: NDArray[np.int64]
    constants: NDArray[np.float64]
    keys: dict[tuple[str, int], KeyFields]  # (event type, mode) -> the states an item reads or writes


@dataclass(slots=True)
class _Builder:
    layouts: tuple[KindLayout, ...]
    key_columns: KeyColumns
    constants: list[float] = field(default_factory=list)
    rows: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in op.TABLES})
    rings: dict[tuple[int, int], int] = field(default_factory=dict)  # (key column, tile width) -> ring
    index: dict[Kind, int] = field(default_factory=dict)
    filters: dict[tuple[str, str], int] = field(default_factory=dict)  # (event type, condition) -> filter
    clocks: dict[tuple[str, int], int] = field(default_factory=dict)  # (zone, column) -> row of "clocks"

    def resolve(self, operand: int | Ref, program: ProgramBuilder) -> int:
        if isinstance(operand, int):
            return operand
        if operand.what == "constant":
            return self.constant(operand.value)
        if operand.what == "clock":
            return self.clock(operand.clock, program)
        column = self.key_columns.place(program.member.name, operand.kind, operand.keys)
        if operand.what == "kind":
            return column
        if operand.what == "ring":
            return self.rings[column, operand.width]
        return self._place_in_record(operand)

    def _place_in_record(self, operand: Ref) -> int:
        layout = self.layouts[self.index[operand.kind]]
        if operand.what == "part":
            return layout.parts[operand.part]
        return next(ring for ring in layout.rings if ring.width == operand.width).columns[operand.column]

    def filter(self, event_type: str, where: str) -> int:
        """The index of this condition's filter; -1 without a condition."""
        return self.filters[event_type, where] if where else -1

    def constant(self, value: float) -> int:
        self.constants.append(value)
        return len(self.constants) - 1

    def clock(self, clock: Clock, program: ProgramBuilder) -> int:
        """The number of a clock in the programs of an event type; the offsets of each are added once."""
        column = program.offset_column(clock.field) if clock.field else op.NO_COLUMN
        offsets = find_time_zone(clock.zone).offsets
        if not offsets and column == op.NO_COLUMN:
            return op.UTC
        if (clock.zone, column) not in self.clocks:
            self.clocks[clock.zone, column] = len(self.clocks)
            first = len(self.rows["offsets"]) // op.OFFSET_WIDTH
            self.rows["offsets"] += [number for pair in offsets for number in pair]
            self.rows["clocks"] += [first, first + len(offsets), column]
        return self.clocks[clock.zone, column]


def build_tables(
    members: Sequence[type[EventType]],
    layouts: tuple[KindLayout, ...],
    programs: Mapping[str, ProgramBuilder],
    key_columns: KeyColumns,
) -> KernelTables:
    """The kernel's tables for these event types, in order, with three programs each: event, label, undo."""
    builder = _Builder(layouts, key_columns, index={layout.kind: at for at, layout in enumerate(layouts)})
    _add_layouts(builder)
    keys: dict[tuple[str, int], KeyFields] = {}
    for member in members:
        filters = _add_filters(builder, programs[member.name])
        for mode in range(op.MODES):
            builder.rows["filter_ranges"] += filters
            keys[member.name, mode] = _add_program(builder, member, mode, programs[member.name])
    return KernelTables(_pack(builder.rows), np.array(builder.constants or [0.0]), keys)


def _add_layouts(builder: _Builder) -> None:
    """The rings of each key column. Those of one kind are alike, but read at different times."""
    rows = builder.rows
    for key_column, kind in enumerate(builder.key_columns.kinds):
        layout = builder.layouts[kind]
        first = len(rows["groups"]) // 4
        for ring in layout.rings:
            builder.rings[key_column, ring.width] = len(rows["groups"]) // 4
            start = len(rows["columns"]) // 2
            for column, at in ring.columns.items():
                rows["columns"] += [at, int(clears_to_nan(column))]
            rows["groups"] += [ring.width, ring.tiles, start, len(rows["columns"]) // 2]
        rows["group_ranges"] += [first, len(rows["groups"]) // 4]
        rows["sizes"].append(layout.words)


def _add_filters(builder: _Builder, program: ProgramBuilder) -> list[int]:
    """Add the filters of an event type; gives their range."""
    name, rows = program.member.name, builder.rows
    first = len(builder.filters)
    for (event_type, condition), tests in program.needs.filters.items():
        if event_type == name:
            builder.filters[name, condition] = len(builder.filters)
            start = len(rows["tests"]) // op.TEST_WIDTH
            for test in tests:
                rows["tests"] += _test_row(builder, test, program)
            rows["filters"] += [start, start + len(tests)]
    return [first, len(builder.filters)]


def _test_row(builder: _Builder, test: FieldTest, program: ProgramBuilder) -> list[int]:
    column = op.TEST_COLUMNS[test.opcode]
    if column == "value":
        return [test.opcode, program.value_column(test.field), builder.constant(test.number), 0]
    if column == "hash":
        choices = builder.rows["choices"]
        first = len(choices)
        choices += test.hashes
        return [test.opcode, program.hash_column(test.field), first, len(choices)]
    return [test.opcode, builder.clock(test.clock, program), *test.hours]


def _add_program(
    builder: _Builder,
    member: type[EventType],
    mode: int,
    program: ProgramBuilder,
) -> KeyFields:
    rows = builder.rows
    rows["modes"].append(mode)
    reads = program.operations if mode == op.EVENT else []
    first = len(rows["reads"]) // op.READ_WIDTH
    for operation in reads:
        rows["reads"] += _read_row(builder, operation, program)
    rows["read_ranges"] += [first, first + len(reads)]
    outs = program.outs if mode == op.EVENT else []
    rows["out_ranges"] += [len(rows["outs"]), len(rows["outs"]) + len(outs)]
    rows["outs"] += outs
    return _add_touches(builder, member, mode, program)


def _read_row(builder: _Builder, operation: Operation, program: ProgramBuilder) -> list[int]:
    row = [builder.resolve(operand, program) for operand in operation]
    return row + [0] * (op.READ_WIDTH - len(row))


def _add_touches(
    builder: _Builder,
    member: type[EventType],
    mode: int,
    program: ProgramBuilder,
) -> KeyFields:
    """The states that an item touches, each with its writes.

    An event touches the states of all its keys, in each of their roles, whatever is declared: when an entity
    was first and last seen must not depend on the features. States that it only reads, such as those of a
    pair in reverse, stay unchanged.
    """
    rows = builder.rows
    first = len(rows["touches"]) // op.TOUCH_WIDTH
    keys = []
    for column, layout, fields, is_role in builder.key_columns.of(member.name):
        writes = _writes(
            builder, column, layout, distinguishing_role(member, layout.kind, fields), mode, program
        )
        if not is_role:
            touch = op.ONLY_READ if mode == op.EVENT else None
        elif writes or mode == op.EVENT:
            start = len(rows["writes"]) // op.WRITE_WIDTH
            rows["writes"] += [word for write in writes for word in write]
            touch = (start, start + len(writes))
        else:
            touch = None
        if touch is not None:
            rows["touches"] += [column, *touch]
            keys.append((column, fields))
    rows["touch_ranges"] += [first, len(rows["touches"]) // op.TOUCH_WIDTH]
    return tuple(keys)


def _writes(  # noqa: PLR0917
    builder: _Builder, key_column: int, layout: KindLayout, role: Kind, mode: int, program: ProgramBuilder
) -> list[Write]:
    """The writes of an item to the state of a key column, whose entity has this role in the item."""
    name = program.member.name
    held = [
        (builder.rings[key_column, ring.width], column, at)
        for ring in layout.rings
        for column, at in ring.columns.items()
        if (column.event_type, column.role) == (name, role) and _applies(column, mode)
    ]
    parts = [(part, at) for part, at in layout.parts.items() if (part.event_type, part.role) == (name, role)]
    return [
        *(_column_write(*each, builder.filter(name, each[1].where), program) for each in held),
        *(
            _part_write(part, at, builder.filter(name, part.where), program)
            for part, at in parts
            if mode == op.EVENT or (mode == op.UNDO and part.what == "session")
        ),
    ]


def _applies(column: RingColumn, mode: int) -> bool:
    """Labels change positives only; undoing an event changes sums, not minimums and maximums."""
    if mode == op.LABEL:
        return column.measure == "positive"
    return column.measure in _ADDED or (mode == op.EVENT and column.measure in _KEPT)


def _column_write(ring: int, column: RingColumn, at: int, passed: int, program: ProgramBuilder) -> Write:
    if column.measure == "positive":
        return (op.ADD_POSITIVE, ring, at, 0, 0, passed)
    opcode = _ADDED.get(column.measure, _KEPT.get(column.measure, -1))
    return (opcode, ring, at, program.value_column(column.field) if column.field else 0, 0, passed)


def _part_write(part: StatePart, at: int, passed: int, program: ProgramBuilder) -> Write:
    """The write of an item to the part at `at`, if the item passes the filter `passed` (-1: none)."""
    first, second = _part_arguments(part, program)
    opcode = _PARTS[part.what]
    if part.what == "session" and part.fields:
        opcode = op.ADD_TO_SESSION
    return (opcode, -1, at, first, second, passed)


def _part_arguments(part: StatePart, program: ProgramBuilder) -> tuple[int, int]:
    match part.what, part.fields:
        case "point", (latitude, longitude):
            return program.value_column(latitude), program.value_column(longitude)
        case "value", (name,):
            return program.value_column(name), 0
        case (("hash" | "map"), (name,)):
            return part.size, program.hash_column(name)
        case "session", fields:
            return program.value_column(fields[0]) if fields else 0, part.size
        case _:
            return 0, 0


def _pack(rows: Mapping[str, list[int]]) -> NDArray[np.int64]:
    header: list[int] = []
    start = 2 * len(op.TABLES)
    for name in op.TABLES:
        header += [start, len(rows[name])]
        start += len(rows[name])
    return np.array([*header, *(word for name in op.TABLES for word in rows[name])], dtype=np.int64)
