"""Numbers that the compiler (`plan`) and the kernel agree on. Changing any of them changes VERSION.

numba caches the compiled kernel by the time stamp of kernel.py alone: a change here needs one there.
"""

from collections.abc import Mapping
from typing import Final

VERSION: Final = 1  # of the kernel's meaning: part of every layout id and feature-set hash

# Record header, in 64-bit words: lane seq, latest applied event time, first seen, items that came too late.
SEQ: Final = 0
LATEST: Final = 1
FIRST: Final = 2
TOO_LATE: Final = 3
HEADER: Final = 4
NEVER: Final = -(2**63)  # a time that has not been

# How an item is applied.
EVENT: Final = 0
LABEL: Final = 1
UNDO: Final = 2
MODES: Final = 3

# Reading: [opcode, destination register, arguments ...]
CONSTANT: Final = 0
VALUE: Final = 1
DIVIDE: Final = 2
SUBTRACT: Final = 3
STD: Final = 4
RING_SUM: Final = 5
RING_MIN: Final = 6
RING_MAX: Final = 7
LAGGED_SUM: Final = 8
SINCE: Final = 9
DISTINCT: Final = 10
SINCE_SAME: Final = 11
IS_NEW: Final = 12
HOUR: Final = 13
WEEKDAY: Final = 14
YEARS_SINCE: Final = 15
DISTANCE: Final = 16
TRAVELLED: Final = 17
SPEED: Final = 18
USUAL_RATE: Final = 19
USUAL_GAP: Final = 20
ONE_IF_KNOWN: Final = 21
READ_WIDTH: Final = 8

# Where an operation takes what from, as numbers of its operands (the first after the destination is 0).
# The kind of entity whose state it reads; operations that are not here read no state.
STATE_OPERAND: Final[Mapping[int, int]] = {
    RING_SUM: 0, RING_MIN: 0, RING_MAX: 0, LAGGED_SUM: 0, SINCE: 0, DISTINCT: 0, SINCE_SAME: 0, IS_NEW: 0,
    TRAVELLED: 0, SPEED: 0, USUAL_RATE: 1, USUAL_GAP: 1,
}  # fmt: skip
# The registers it computes from.
REGISTER_OPERANDS: Final[Mapping[int, tuple[int, ...]]] = {
    DIVIDE: (0, 1), SUBTRACT: (0, 1), STD: (0, 1, 2), YEARS_SINCE: (0,), DISTANCE: (0, 1, 2, 3),
    TRAVELLED: (2, 3), SPEED: (2, 3), USUAL_RATE: (0,), USUAL_GAP: (0,), ONE_IF_KNOWN: (0,),
}  # fmt: skip

# Writing: [opcode, group or -1, offset in the record, argument, argument]
ADD_COUNT: Final = 0
ADD_SUM: Final = 1
ADD_SQUARE: Final = 2
ADD_KNOWN: Final = 3
KEEP_MIN: Final = 4
KEEP_MAX: Final = 5
ADD_POSITIVE: Final = 6
KEEP_LAST: Final = 7
KEEP_POINT: Final = 8
KEEP_IN_MAP: Final = 9
WRITE_WIDTH: Final = 5

# Where the kernel finds its tables in the code array: [start, length] pairs in this order.
TABLES: Final = ("modes", "reads", "read_ranges", "outs", "out_ranges", "writes", "touches", "touch_ranges",
                 "groups", "group_ranges", "columns")  # fmt: skip
