"""Numbers shared by the compiler (`compile.plan`) and the kernel. Changing any of them changes VERSION.

numba's cache of the kernel depends on the timestamp of kernel.py alone: touch that file after a change here.
"""

from collections.abc import Mapping
from typing import Final

VERSION: Final = 2  # of the kernel's meaning: part of every layout id and feature-set hash

# Record header, in 64-bit words: lane seq, latest applied event time, first seen, number of late items.
SEQ: Final = 0
LATEST: Final = 1
FIRST: Final = 2
TOO_LATE: Final = 3
HEADER: Final = 4
NEVER: Final = -(2**63)  # the time of something that has not happened

# How an item is applied.
EVENT: Final = 0
LABEL: Final = 1
UNDO: Final = 2
MODES: Final = 3

# Operations and tests of the time of day and week name a row of "clocks", or UTC.
UTC: Final = -1
NO_COLUMN: Final = -1

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
TRAVELED: Final = 17
SPEED: Final = 18
USUAL_RATE: Final = 19
USUAL_GAP: Final = 20
ONE_IF_KNOWN: Final = 21
ADD: Final = 22
MULTIPLY: Final = 23
BETWEEN_HOURS: Final = 24
WEEKEND_DAY: Final = 25
LAST_VALUE: Final = 26
CHANGED: Final = 27
SESSION_TOTAL: Final = 28
SESSION_AGE: Final = 29
READ_WIDTH: Final = 8

# Operations by the names that words emit, with the meaning of their arguments: a "register", the "key" column
# of the state to read, a "value" or "hash" column of the item, a "clock"; "" for any other number. An
# operation without a key reads no state.
READING: Final[Mapping[str, tuple[int, tuple[str, ...]]]] = {
    "constant": (CONSTANT, ("",)),
    "value": (VALUE, ("value",)),
    "divide": (DIVIDE, ("register", "register")),
    "subtract": (SUBTRACT, ("register", "register")),
    "std": (STD, ("register", "register", "register")),
    "ring_sum": (RING_SUM, ("key", "", "", "")),
    "ring_min": (RING_MIN, ("key", "", "", "")),
    "ring_max": (RING_MAX, ("key", "", "", "")),
    "lagged_sum": (LAGGED_SUM, ("key", "", "", "", "")),
    "since": (SINCE, ("key", "")),
    "distinct": (DISTINCT, ("key", "", "", "", "", "")),
    "since_same": (SINCE_SAME, ("key", "", "", "hash")),
    "is_new": (IS_NEW, ("key", "", "", "hash")),
    "hour": (HOUR, ("clock",)),
    "weekday": (WEEKDAY, ("clock",)),
    "years_since": (YEARS_SINCE, ("register",)),
    "distance": (DISTANCE, ("register", "register", "register", "register")),
    "traveled": (TRAVELED, ("key", "", "register", "register")),
    "speed": (SPEED, ("key", "", "register", "register")),
    "usual_rate": (USUAL_RATE, ("register", "key", "")),
    "usual_gap": (USUAL_GAP, ("register", "key")),
    "one_if_known": (ONE_IF_KNOWN, ("register",)),
    "add": (ADD, ("register", "register")),
    "multiply": (MULTIPLY, ("register", "register")),
    "between_hours": (BETWEEN_HOURS, ("", "", "clock")),
    "weekend_day": (WEEKEND_DAY, ("clock",)),
    "last_value": (LAST_VALUE, ("key", "")),
    "changed": (CHANGED, ("key", "", "hash")),
    "session_total": (SESSION_TOTAL, ("key", "", "")),
    "session_age": (SESSION_AGE, ("key", "", "")),
}
READ_ARGUMENTS: Final[Mapping[int, tuple[str, ...]]] = dict(READING.values())

# Writing: [opcode, group or -1, offset in the record, argument, argument, filter or -1]
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
KEEP_VALUE: Final = 10
KEEP_HASH: Final = 11
COUNT_IN_SESSION: Final = 12
ADD_TO_SESSION: Final = 13
WRITE_WIDTH: Final = 6
WRITE_ARGUMENTS: Final[Mapping[int, tuple[str, str]]] = {
    ADD_COUNT: ("", ""),
    ADD_SUM: ("value", ""),
    ADD_SQUARE: ("value", ""),
    ADD_KNOWN: ("value", ""),
    KEEP_MIN: ("value", ""),
    KEEP_MAX: ("value", ""),
    ADD_POSITIVE: ("", ""),
    KEEP_LAST: ("", ""),
    KEEP_POINT: ("value", "value"),
    KEEP_IN_MAP: ("", "hash"),
    KEEP_VALUE: ("value", ""),
    KEEP_HASH: ("", "hash"),
    COUNT_IN_SESSION: ("", ""),
    ADD_TO_SESSION: ("value", ""),
}

# Testing: [opcode, column of the item or clock, argument, argument]. A filter is a range of tests; all
# must pass.
IS_BELOW: Final = 0
IS_AT_MOST: Final = 1
IS_ABOVE: Final = 2
IS_AT_LEAST: Final = 3
IS_EQUAL: Final = 4
IS_ONE_OF: Final = 5
IS_BETWEEN_HOURS: Final = 6
IS_WEEKEND_DAY: Final = 7
TEST_WIDTH: Final = 4
TEST_COLUMNS: Final[Mapping[int, str]] = {
    IS_BELOW: "value",
    IS_AT_MOST: "value",
    IS_ABOVE: "value",
    IS_AT_LEAST: "value",
    IS_EQUAL: "value",
    IS_ONE_OF: "hash",
    IS_BETWEEN_HOURS: "clock",
    IS_WEEKEND_DAY: "clock",
}

# The code array begins with the locations of its tables: [start, length] pairs in this order.
TABLES: Final = ("modes", "reads", "read_ranges", "outs", "out_ranges", "writes", "touches", "touch_ranges",
                 "groups", "group_ranges", "columns", "tests", "filters", "filter_ranges",
                 "choices", "sizes", "offsets", "clocks")  # fmt: skip
# A row of "touches": the key column and the range of its rows in "writes", or ONLY_READ for a state that is
# only read.
TOUCH_WIDTH: Final = 3
ONLY_READ: Final = (1, 0)
# A row of "offsets": a moment in microseconds since 1970, and how many local time is ahead of UTC from then
# on.
OFFSET_WIDTH: Final = 2
# A row of "clocks": the range of its zone's rows in "offsets", which is empty for UTC, and the value column
# with the offset of the item's own zone, or NO_COLUMN.
CLOCK_WIDTH: Final = 3
# Where each program's rows of a table begin and end.
RANGES: Final[Mapping[str, str]] = {"reads": "read_ranges", "outs": "out_ranges", "touches": "touch_ranges"}
