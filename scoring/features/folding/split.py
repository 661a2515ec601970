"""Splits a plan by kind of entity, so that kinds, and entities of a kind, can be folded separately.

A read of a state depends only on the states of its kind and on the item. So every kind gets its own plan,
which applies the items to its states and outputs the values read ("reads"). The rest, arithmetic over the
reads of all kinds, needs no states. The operations are those of the whole plan, in the same order and done by
the same kernel, so the values are the same to the bit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.features import opcodes as op
from scoring.features.compile.plan import Encoding, LanePlan

Row = list[int]
_Tables = Mapping[str, NDArray[np.int64]]
_RANGED = {"reads": op.READ_WIDTH, "outs": 1, "touches": op.TOUCH_WIDTH}  # table -> words a row


@dataclass(frozen=True, slots=True, eq=False)
class KindPlan:
    """The part of one kind of entity: `plan` touches only its states and gives `plan.width` reads per item.

    `columns`: the key columns of the kind; `first`: the position of its reads among those of all kinds.
    """

    kind: int
    columns: tuple[int, ...]
    plan: LanePlan
    first: int


@dataclass(frozen=True, slots=True, eq=False)
class SplitPlan:
    """`rest` computes the rows of `whole` from the values, followed by the `reads` of all kinds."""

    whole: LanePlan
    kinds: tuple[KindPlan, ...]
    rest: LanePlan
    reads: int


@dataclass(frozen=True, slots=True)
class _Program:
    """The program of one event type in one mode, as rows of the kernel's tables."""

    reads: Sequence[Row] = ()
    outs: Sequence[Row] = ()
    touches: Sequence[Row] = ()


@lru_cache(maxsize=64)
def split_plan(plan: LanePlan) -> SplitPlan:
    """The plan by kind, and the rest. Raises ValueError if a read of one kind needs one of another."""
    programs = _programs_of(plan)
    kinds, columns, first = [], [dict[int, int]() for _ in programs], 0
    for kind in range(len(plan.entity_kinds)):
        own = tuple(column for column, named in enumerate(plan.key_kinds) if named == kind)
        parts = [_kind_program(program, own) for program in programs]
        for part, known in zip(parts, columns, strict=True):
            known.update((row[0], first + at) for at, row in enumerate(part.outs))
        width = max(len(part.outs) for part in parts)
        kinds.append(KindPlan(kind, own, _with_programs(plan, parts, width=width, columns={*own}), first))
        first += width
    rest = [_rest_program(*each, plan.value_columns) for each in zip(programs, columns, strict=True)]
    return SplitPlan(
        whole=plan,
        kinds=tuple(kinds),
        rest=replace(
            _with_programs(plan, rest, width=plan.width, columns=set()), entity_kinds=(), key_kinds=()
        ),
        reads=first,
    )


def with_columns(plan: LanePlan, event_type: str, columns: Sequence[int]) -> LanePlan:
    """A plan with the same effect on states, but only these columns of one event type's rows."""
    whole = _programs_of(plan)
    programs = [_Program(touches=program.touches) for program in whole]
    at = plan.encodings[event_type].program + op.EVENT
    outs = [whole[at].outs[column] for column in columns]
    programs[at] = _Program(_needed(whole[at].reads, {out[0] for out in outs}), outs, whole[at].touches)
    return _with_programs(plan, programs, width=len(outs), columns={*range(len(plan.key_kinds))})


@lru_cache(maxsize=64)
def without_reads(plan: LanePlan) -> LanePlan:
    """A plan with the same effect on states that computes nothing: its rows have no columns."""
    programs = [_Program(touches=program.touches) for program in _programs_of(plan)]
    return _with_programs(plan, programs, width=0, columns={*range(len(plan.key_kinds))})


@lru_cache(maxsize=64)
def keys_read(plan: LanePlan, event_type: str) -> NDArray[np.bool_]:
    """bool[plan.width, key columns]: the states that each column of a type's rows reads, by key column."""
    program = _programs_of(plan)[plan.encodings[event_type].program + op.EVENT]
    read = np.zeros((plan.width, len(plan.key_kinds)), dtype=bool)
    for column, out in enumerate(program.outs):
        for row in _needed(program.reads, {out[0]}):
            read[column, [*_arguments(row, "key")]] = True
    return read


def _kind_program(program: _Program, columns: Collection[int]) -> _Program:
    """The reads of a kind that other operations use, everything they are computed from, and its touches."""
    wanted = _registers_without_state(program)
    outs = [[row[1]] for row in program.reads if _key_of(row) in columns and row[1] in wanted]
    reads = _needed(program.reads, {out[0] for out in outs})
    others = {_key_of(row) for row in reads} - {*columns, None}
    if others:
        raise ValueError(f"a read of key {columns} computes with one of key {others.pop()}")
    return _Program(reads, outs, [row for row in program.touches if row[0] in columns])


def _rest_program(program: _Program, columns: Mapping[int, int], beside: int) -> _Program:
    """The operations that read no state; reads are loaded from the columns from `beside` on instead."""
    reads = []
    for row in program.reads:
        if row[1] in columns:
            reads.append([op.VALUE, row[1], beside + columns[row[1]]] + [0] * (op.READ_WIDTH - 3))
        elif _key_of(row) is None:
            reads.append(row)
    return _Program(reads, program.outs)


def _registers_without_state(program: _Program) -> set[int]:
    """The registers used by the output or by operations that read no state."""
    stateless = [row for row in program.reads if _key_of(row) is None]
    return {out[0] for out in program.outs} | {register for row in stateless for register in _sources(row)}


def _needed(reads: Sequence[Row], wanted: set[int]) -> list[Row]:
    """The operations of these registers and of everything they are computed from."""
    needed = set(wanted)
    for row in reversed(reads):
        if row[1] in needed:
            needed.update(_sources(row))
    return [row for row in reads if row[1] in needed]


def _key_of(row: Row) -> int | None:
    """The key column of the state that an operation reads."""
    return next(iter(_arguments(row, "key")), None)


def _sources(row: Row) -> list[int]:
    return _arguments(row, "register")


def _arguments(row: Row, what: str) -> list[int]:
    return [row[2 + at] for at, name in enumerate(op.READ_ARGUMENTS[row[0]]) if name == what]


# --- the kernel's tables ---


def _programs_of(plan: LanePlan) -> list[_Program]:
    tables = _tables_of(plan.code)
    parts = {
        name: [
            tables[name].reshape(-1, width)[start:end].tolist()
            for start, end in tables[op.RANGES[name]].reshape(-1, 2).tolist()
        ]
        for name, width in _RANGED.items()
    }
    return [_Program(*rows) for rows in zip(*parts.values(), strict=True)]


def _with_programs(
    plan: LanePlan, programs: Sequence[_Program], *, width: int, columns: set[int]
) -> LanePlan:
    """The plan with other programs, which touch these key columns, and with the columns they need."""
    tables = _tables_of(plan.code)
    for name, row_width in _RANGED.items():
        parts = [getattr(program, name) for program in programs]
        rows = [row for part in parts for row in part]
        ends = np.cumsum([len(part) for part in parts])
        starts = ends - [len(part) for part in parts]
        tables[name] = np.array(rows, dtype=np.int64).reshape(-1, row_width)
        tables[op.RANGES[name]] = np.stack([starts, ends], axis=1)
    encodings = {
        name: _narrowed(encoding, programs[encoding.program :][: op.MODES], tables, columns)
        for name, encoding in plan.encodings.items()
    }
    return replace(
        plan,
        code=_pack(tables),
        width=width,
        sets={},
        encodings=encodings,
        batch_views={
            name: tuple(view for view in views if _is_read(view.name, encodings[name]))
            for name, views in plan.batch_views.items()
        },
    )


def _is_read(view: str, encoding: Encoding) -> bool:
    return any(name.startswith(f"{view}.") for _, name, _ in encoding.values)


def _narrowed(
    encoding: Encoding, programs: Sequence[_Program], tables: _Tables, columns: set[int]
) -> Encoding:
    """The columns that these programs of an event type read or write."""
    rows = tables["writes"].reshape(-1, op.WRITE_WIDTH).tolist()
    used: dict[str, set[int]] = {"value": set(), "hash": set(), "clock": set(), "": set()}
    for program in programs:
        for row in program.reads:
            for name in ("value", "hash", "clock"):
                used[name].update(_arguments(row, name))
        for _, start, end in program.touches:
            for row in rows[start:end]:
                for name, column in zip(op.WRITE_ARGUMENTS[row[0]], row[3:5], strict=True):
                    used[name].add(column)
                for test in _tests_of(tables, row[5]):
                    used[op.TEST_COLUMNS[test[0]]].add(test[1])
    clocks = tables["clocks"].reshape(-1, op.CLOCK_WIDTH)
    used["value"].update(clocks[clock, 2] for clock in used["clock"] if clock != op.UTC)
    return replace(
        encoding,
        values=tuple(column for column in encoding.values if column[0] in used["value"]),
        hashes=tuple(column for column in encoding.hashes if column[0] in used["hash"]),
        keys=tuple(tuple(key for key in keys if key[0] in columns) for keys in encoding.keys),
    )


def _tests_of(tables: _Tables, filtering: int) -> list[Row]:
    """The tests of a filter; none for -1."""
    if filtering < 0:
        return []
    start, end = tables["filters"].reshape(-1, 2)[filtering].tolist()
    tests: list[Row] = tables["tests"].reshape(-1, op.TEST_WIDTH)[start:end].tolist()
    return tests


def _tables_of(code: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    headers = code[: 2 * len(op.TABLES)].reshape(-1, 2).tolist()
    return {
        name: code[start : start + length] for name, (start, length) in zip(op.TABLES, headers, strict=True)
    }


def _pack(tables: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    lengths = np.array([tables[name].size for name in op.TABLES])
    starts = 2 * len(op.TABLES) + np.cumsum(lengths) - lengths
    return np.concatenate(
        [np.stack([starts, lengths], axis=1).ravel(), *(tables[name].ravel() for name in op.TABLES)]
    )
