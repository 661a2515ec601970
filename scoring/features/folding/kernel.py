"""The kernel: folds lane items into packed entity states and computes feature vectors.

It interprets the tables of `compile.tables.build_tables`, so one compilation serves every feature set, and
the same machine code handles one live event and a million of history: equal bytes by construction.
Floating-point operations have one fixed order (no fastmath). docs/reference/features.md describes them.
"""

# A numeric kernel: long, flat, and in forms that numba compiles to plain branches.
# mypy: disallow-untyped-defs=False
# ruff: noqa: PLR0912, PLR0915, PLR0917, PLR1714, PLR1730, SIM102

import math

import numpy as np
from numba import njit

from scoring.features import opcodes as op
from scoring.features.folding.prefetch import LINE_WORDS, prefetch

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_DAY = 24 * _HOUR
_MONTH = 30 * _DAY
_EARTH_KM = 6371.0088  # mean radius, IUGG
_NOWHERE = -(2**62)  # a tile before every tile

# Copied out of the module: numba freezes globals into the code.
_NEVER, _SEQ, _LATEST, _FIRST, _TOO_LATE = op.NEVER, op.SEQ, op.LATEST, op.FIRST, op.TOO_LATE
_EVENT, _LABEL = op.EVENT, op.LABEL
_READ_WIDTH, _WRITE_WIDTH, _TEST_WIDTH = op.READ_WIDTH, op.WRITE_WIDTH, op.TEST_WIDTH
_UTC, _OFFSET_WIDTH, _CLOCK_WIDTH = op.UTC, op.OFFSET_WIDTH, op.CLOCK_WIDTH


@njit(cache=True, nogil=True, error_model="numpy")
def haversine_km(latitude, longitude, other_latitude, other_longitude):
    """Great-circle kilometers between two points in degrees (haversine on a sphere of the mean radius)."""
    radians = math.pi / 180.0
    half_north = math.sin((other_latitude - latitude) * radians / 2.0)
    half_east = math.sin((other_longitude - longitude) * radians / 2.0)
    chord = half_north * half_north + math.cos(latitude * radians) * math.cos(other_latitude * radians) * (
        half_east * half_east
    )
    if chord > 1.0:  # by rounding; written so that NaN stays NaN
        chord = 1.0
    return 2.0 * _EARTH_KM * math.asin(math.sqrt(chord))


@njit(cache=True, nogil=True, error_model="numpy")
def year_of(time):
    """Calendar year (UTC) of a time in microseconds (Howard Hinnant, chrono-compatible date algorithms)."""
    days = time // _DAY + 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return year + era * 400 + (1 if of_year >= 306 else 0)


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_tiles(floats, at, tiles, low, high):
    """Tiles low..high of a ring column, added oldest to newest."""
    total = 0.0
    slot = low % tiles
    for _ in range(high - low + 1):
        total += floats[at + slot]
        slot += 1
        if slot == tiles:
            slot = 0
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _extreme_of_tiles(floats, at, tiles, low, high, sign):
    """Smallest (sign 1) or largest (sign -1) of tiles low..high; NaN if all are empty."""
    best = np.nan
    slot = low % tiles
    for _ in range(high - low + 1):
        value = floats[at + slot]
        if not math.isnan(value) and (math.isnan(best) or sign * value < sign * best):
            best = value
        slot += 1
        if slot == tiles:
            slot = 0
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _local(offsets, clocks, clock, values, time):
    """A time by a clock, or by UTC, for an item with these `values`."""
    if clock == _UTC:
        return time
    column = clocks[clock * _CLOCK_WIDTH + 2]
    if column >= 0 and not math.isnan(values[column]):
        return time + np.int64(values[column])
    low = clocks[clock * _CLOCK_WIDTH]  # its offset began at or before the time; that at `high` began later
    high = clocks[clock * _CLOCK_WIDTH + 1]
    if low == high:
        return time
    while high - low > 1:
        middle = (low + high) // 2
        if offsets[middle * _OFFSET_WIDTH] <= time:
            low = middle
        else:
            high = middle
    return time + offsets[low * _OFFSET_WIDTH + 1]


@njit(cache=True, nogil=True, error_model="numpy")
def _is_between_hours(time, start, end):
    """Whether a local time is in [start, end) of the day, in full hours; the range may span midnight."""
    hour = (time % _DAY) // _HOUR
    if start < end:
        return start <= hour < end
    return hour >= start or hour < end


@njit(cache=True, nogil=True, error_model="numpy")
def _is_weekend_day(time):
    return (time // _DAY + 3) % 7 >= 5  # 1970-01-01 was a Thursday; Monday is 0


@njit(cache=True, nogil=True, error_model="numpy")
def _passes(tests, start, end, choices, constants, values, hashes, time, offsets, clocks):
    """Whether an item with these `values` and `hashes` passes a range of tests; NaN passes none."""
    for test in range(start, end):
        row = test * _TEST_WIDTH
        opcode = tests[row]
        column = tests[row + 1]
        a = tests[row + 2]
        b = tests[row + 3]
        passed = False
        if opcode == op.IS_BELOW:
            passed = values[column] < constants[a]
        elif opcode == op.IS_AT_MOST:
            passed = values[column] <= constants[a]
        elif opcode == op.IS_ABOVE:
            passed = values[column] > constants[a]
        elif opcode == op.IS_AT_LEAST:
            passed = values[column] >= constants[a]
        elif opcode == op.IS_EQUAL:
            passed = values[column] == constants[a]
        elif opcode == op.IS_ONE_OF:
            for choice in range(a, b):
                if choices[choice] == hashes[column]:
                    passed = True
        elif opcode == op.IS_BETWEEN_HOURS:
            passed = _is_between_hours(_local(offsets, clocks, column, values, time), a, b)
        elif opcode == op.IS_WEEKEND_DAY:
            passed = _is_weekend_day(_local(offsets, clocks, column, values, time))
        if not passed:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _enter_session(words, at, gap, time):
    """Add an event to a session, or begin a new one; an event before the session's start changes nothing."""
    if words[at + 1] == _NEVER or time - words[at + 1] >= gap:
        words[at] = time
        words[at + 1] = time
        words[at + 2] = 0  # also as a float
    elif time > words[at + 1]:
        words[at + 1] = time


@njit(cache=True, nogil=True, error_model="numpy")
def _find_in_map(words, at, wanted):
    for index in range(words[at]):
        if words[at + 2 + index] == wanted:
            return index
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def _keep_in_map(words, at, cap, wanted, time):
    """Note that a value was seen. A full map drops the smallest (last seen, hash), the new one included."""
    seen = at + 2 + cap
    found = _find_in_map(words, at, wanted)
    if found >= 0:
        words[seen + found] = max(words[seen + found], time)
        return
    size = words[at]
    if size < cap:
        words[at + 2 + size] = wanted
        words[seen + size] = time
        words[at] = size + 1
        return
    oldest = 0
    for index in range(1, cap):
        last = words[seen + index]
        least = words[seen + oldest]
        if last < least or (last == least and words[at + 2 + index] < words[at + 2 + oldest]):
            oldest = index
    least = words[seen + oldest]
    if time < least or (time == least and wanted < words[at + 2 + oldest]):
        words[at + 1] = max(words[at + 1], time)
        return
    words[at + 1] = max(words[at + 1], least)
    words[at + 2 + oldest] = wanted
    words[seen + oldest] = time


@njit(cache=True, nogil=True, error_model="numpy")
def _advance(words, floats, base, before, now, group_start, group_end, groups, columns):
    """Clear the tiles that time has passed, in every ring of a record."""
    for group in range(group_start, group_end):
        width = groups[group * 4]
        tiles = groups[group * 4 + 1]
        head = now // width
        tile = max(before // width + 1, head - tiles + 1)
        while tile <= head:
            slot = tile % tiles
            for column in range(groups[group * 4 + 2], groups[group * 4 + 3]):
                floats[base + columns[column * 2] + slot] = np.nan if columns[column * 2 + 1] else 0.0
            tile += 1


@njit(cache=True, nogil=True, error_model="numpy")
def run(
    code,
    constants,
    programs,
    times,
    seqs,
    deltas,
    values,
    hashes,
    slots,
    words,
    floats,
    registers,
    out,
    saturated,
):
    """Apply items in order. `slots[i, kind]` is the word where a record of the kind starts, -1 without one.

    An item may name two records of one kind of entity: each has its own column, treated here as a separate
    `kind` with the same rings. Both may be the same record: everything is read before anything is written.

    `words` and `floats` are two views of the same memory. A scored event's row of `out` is computed from the
    states before the event is applied.
    """
    modes = code[code[0] : code[0] + code[1]]
    reads = code[code[2] : code[2] + code[3]]
    read_ranges = code[code[4] : code[4] + code[5]]
    outs = code[code[6] : code[6] + code[7]]
    out_ranges = code[code[8] : code[8] + code[9]]
    writes = code[code[10] : code[10] + code[11]]
    touches = code[code[12] : code[12] + code[13]]
    touch_ranges = code[code[14] : code[14] + code[15]]
    groups = code[code[16] : code[16] + code[17]]
    group_ranges = code[code[18] : code[18] + code[19]]
    columns = code[code[20] : code[20] + code[21]]
    tests = code[code[22] : code[22] + code[23]]
    filters = code[code[24] : code[24] + code[25]]
    filter_ranges = code[code[26] : code[26] + code[27]]
    choices = code[code[28] : code[28] + code[29]]
    sizes = code[code[30] : code[30] + code[31]]
    offsets = code[code[32] : code[32] + code[33]]
    clocks = code[code[34] : code[34] + code[35]]

    read_times = np.zeros(max(1, group_ranges.size // 2), dtype=np.int64)
    read_tiles = np.zeros(max(1, groups.size // 4), dtype=np.int64)
    head_tiles = np.zeros(max(1, groups.size // 4), dtype=np.int64)
    passed = np.zeros(max(1, filters.size // 2), dtype=np.bool_)

    for item in range(programs.size):
        program = programs[item]
        time = times[item]
        if item + 1 < programs.size:
            # States are scattered in memory: fetch the next item's while this one is processed.
            for kind in range(min(sizes.size, slots.shape[1])):  # without states there is one column of -1
                base = slots[item + 1, kind]
                if base >= 0:
                    for line in range(0, sizes[kind], LINE_WORDS):
                        prefetch(words, base + line)

        mode = modes[program]
        first_touch = touch_ranges[program * 2]
        end_touch = touch_ranges[program * 2 + 1]

        first_read = read_ranges[program * 2]
        end_read = read_ranges[program * 2 + 1]
        if end_read > first_read:
            for touch in range(first_touch, end_touch):
                kind = touches[touch * 3]
                base = slots[item, kind]
                if base < 0:
                    continue
                latest = words[base + _LATEST]
                read_times[kind] = max(time, latest)
                for group in range(group_ranges[kind * 2], group_ranges[kind * 2 + 1]):
                    width = groups[group * 4]
                    read_tiles[group] = read_times[kind] // width
                    head_tiles[group] = _NOWHERE if latest == _NEVER else latest // width

        for read in range(first_read, end_read):
            row = read * _READ_WIDTH
            opcode = reads[row]
            target = reads[row + 1]
            a = reads[row + 2]
            b = reads[row + 3]
            c = reads[row + 4]
            d = reads[row + 5]
            result = np.nan
            if opcode == op.CONSTANT:
                result = constants[a]
            elif opcode == op.VALUE:
                result = values[item, a]
            elif opcode == op.DIVIDE:
                if registers[b] != 0.0:
                    result = registers[a] / registers[b]
            elif opcode == op.SUBTRACT:
                result = registers[a] - registers[b]
            elif opcode == op.ADD:
                result = registers[a] + registers[b]
            elif opcode == op.MULTIPLY:
                result = registers[a] * registers[b]
            elif opcode == op.STD:
                known = registers[a]
                if known > 0.0:
                    mean = registers[b] / known
                    result = math.sqrt(max(0.0, registers[c] / known - mean * mean))
            elif opcode == op.HOUR:
                result = float((_local(offsets, clocks, a, values[item], time) % _DAY) // _HOUR)
            elif opcode == op.WEEKDAY:
                result = float((_local(offsets, clocks, a, values[item], time) // _DAY + 3) % 7)
            elif opcode == op.BETWEEN_HOURS:
                local = _local(offsets, clocks, c, values[item], time)
                result = 1.0 if _is_between_hours(local, a, b) else 0.0
            elif opcode == op.WEEKEND_DAY:
                local = _local(offsets, clocks, a, values[item], time)
                result = 1.0 if _is_weekend_day(local) else 0.0
            elif opcode == op.YEARS_SINCE:
                result = float(year_of(time)) - registers[a]
            elif opcode == op.DISTANCE:
                result = haversine_km(registers[a], registers[b], registers[c], registers[d])
            elif opcode == op.ONE_IF_KNOWN:
                if not math.isnan(registers[a]):
                    result = 1.0
            elif opcode == op.USUAL_RATE:
                base = slots[item, b]
                if base >= 0 and words[base + _FIRST] != _NEVER:
                    age = read_times[b] - words[base + _FIRST]
                    if age >= c:
                        result = registers[a] * (float(c) / float(min(age, _MONTH)))
            elif opcode == op.USUAL_GAP:
                base = slots[item, b]
                if base >= 0 and words[base + _FIRST] != _NEVER and registers[a] > 0.0:
                    age = read_times[b] - words[base + _FIRST]
                    result = float(min(age, _MONTH)) / 1e6 / registers[a]
            else:  # operations that read the record of kind `a`
                base = slots[item, a]
                if base >= 0:
                    if opcode == op.RING_SUM:
                        result = _sum_tiles(
                            floats, base + c, groups[b * 4 + 1], read_tiles[b] - d, head_tiles[b]
                        )
                    elif opcode == op.RING_MIN or opcode == op.RING_MAX:
                        sign = 1.0 if opcode == op.RING_MIN else -1.0
                        tiles = groups[b * 4 + 1]
                        low = read_tiles[b] - d
                        result = _extreme_of_tiles(floats, base + c, tiles, low, head_tiles[b], sign)
                    elif opcode == op.LAGGED_SUM:
                        width = groups[b * 4]
                        low = (read_times[a] - d) // width
                        high = min((read_times[a] - reads[row + 6]) // width - 1, head_tiles[b])
                        result = _sum_tiles(floats, base + c, groups[b * 4 + 1], low, high)
                    elif opcode == op.SINCE:
                        if words[base + b] != _NEVER:
                            result = float(max(0, time - words[base + b])) / 1e6
                    elif opcode == op.DISTINCT:
                        start = (read_times[a] - d) // reads[row + 6] * reads[row + 6]
                        known = 0
                        for index in range(words[base + b]):
                            if words[base + b + 2 + c + index] >= start:
                                known += 1
                        result = float(known)
                        if words[base + b + 1] != _NEVER and start <= words[base + b + 1]:
                            saturated[reads[row + 7]] += 1
                    elif opcode == op.SINCE_SAME or opcode == op.IS_NEW:
                        wanted = hashes[item, d]
                        if wanted != 0:
                            found = _find_in_map(words, base + b, wanted)
                            if opcode == op.IS_NEW:
                                result = 1.0 if found < 0 else 0.0
                            elif found >= 0:
                                result = float(max(0, time - words[base + b + 2 + c + found])) / 1e6
                    elif opcode == op.LAST_VALUE:
                        if words[base + b] != _NEVER:
                            result = floats[base + b + 1]
                    elif opcode == op.CHANGED:
                        wanted = hashes[item, c]
                        if wanted != 0 and words[base + b] != _NEVER:
                            result = 0.0 if words[base + b + 1] == wanted else 1.0
                    elif opcode == op.SESSION_TOTAL or opcode == op.SESSION_AGE:
                        result = 0.0
                        if words[base + b + 1] != _NEVER and read_times[a] - words[base + b + 1] < c:
                            if opcode == op.SESSION_TOTAL:
                                result = floats[base + b + 2]
                            else:
                                result = float(read_times[a] - words[base + b]) / 1e6
                    elif opcode == op.TRAVELED or opcode == op.SPEED:
                        if words[base + b] != _NEVER:
                            latitude = floats[base + b + 1]
                            longitude = floats[base + b + 2]
                            result = haversine_km(latitude, longitude, registers[c], registers[d])
                            if opcode == op.SPEED:
                                waited = max(60 * _SECOND, time - words[base + b])
                                result = result / (float(waited) / 3.6e9)
            registers[target] = result

        first_out = out_ranges[program * 2]
        for column in range(out_ranges[program * 2 + 1] - first_out):
            result = registers[outs[first_out + column]]
            out[item, column] = np.nan if math.isnan(result) else result  # always the same NaN bits

        for each in range(filter_ranges[program * 2], filter_ranges[program * 2 + 1]):
            start = filters[each * 2]
            end = filters[each * 2 + 1]
            passed[each] = _passes(
                tests,
                start,
                end,
                choices,
                constants,
                values[item],
                hashes[item],
                time,
                offsets,
                clocks,
            )

        for touch in range(first_touch, end_touch):
            kind = touches[touch * 3]
            base = slots[item, kind]
            if (
                base < 0 or touches[touch * 3 + 2] < touches[touch * 3 + 1]
            ):  # no record, or one that is only read
                continue
            words[base + _SEQ] = seqs[item]
            if mode == _LABEL and deltas[item] == 0:
                continue
            latest = words[base + _LATEST]
            if mode == _EVENT:
                if latest == _NEVER or time > latest:
                    if latest != _NEVER:
                        start = group_ranges[kind * 2]
                        end = group_ranges[kind * 2 + 1]
                        _advance(words, floats, base, latest, time, start, end, groups, columns)
                    latest = time
                    words[base + _LATEST] = time
                if words[base + _FIRST] == _NEVER or time < words[base + _FIRST]:
                    words[base + _FIRST] = time
            tried = False
            entered = False
            weight = 1.0 if mode == _EVENT else -1.0
            for write in range(touches[touch * 3 + 1], touches[touch * 3 + 2]):
                row = write * _WRITE_WIDTH
                opcode = writes[row]
                group = writes[row + 1]
                at = base + writes[row + 2]
                a = writes[row + 3]
                needed = writes[row + 5]
                if needed >= 0 and not passed[needed]:
                    continue
                if group >= 0:
                    tried = True
                    if latest == _NEVER or time > latest:  # label or undo of an event not applied here
                        continue
                    width = groups[group * 4]
                    tiles = groups[group * 4 + 1]
                    tile = time // width
                    head = latest // width
                    if tile <= head - tiles:
                        continue
                    entered = True
                    at += tile % tiles
                    if opcode == op.ADD_COUNT:
                        floats[at] += weight
                    elif opcode == op.ADD_POSITIVE:
                        floats[at] += float(deltas[item])
                    else:
                        value = values[item, a]
                        if math.isnan(value):
                            continue
                        if opcode == op.ADD_SUM:
                            floats[at] += weight * value
                        elif opcode == op.ADD_SQUARE:
                            floats[at] += weight * (value * value)
                        elif opcode == op.ADD_KNOWN:
                            floats[at] += weight
                        elif opcode == op.KEEP_MIN:
                            if math.isnan(floats[at]) or value < floats[at]:
                                floats[at] = value
                        elif opcode == op.KEEP_MAX:
                            if math.isnan(floats[at]) or value > floats[at]:
                                floats[at] = value
                elif opcode == op.KEEP_LAST:
                    words[at] = max(words[at], time)
                elif opcode == op.KEEP_POINT:
                    latitude = values[item, a]
                    longitude = values[item, writes[row + 4]]
                    if time >= words[at] and not math.isnan(latitude) and not math.isnan(longitude):
                        words[at] = time
                        floats[at + 1] = latitude
                        floats[at + 2] = longitude
                elif opcode == op.KEEP_VALUE:
                    value = values[item, a]
                    if time >= words[at] and not math.isnan(value):
                        words[at] = time
                        floats[at + 1] = value
                elif opcode == op.KEEP_HASH:
                    wanted = hashes[item, writes[row + 4]]
                    if time >= words[at] and wanted != 0:
                        words[at] = time
                        words[at + 1] = wanted
                elif opcode == op.COUNT_IN_SESSION or opcode == op.ADD_TO_SESSION:
                    if mode == _EVENT:
                        _enter_session(words, at, writes[row + 4], time)
                    value = 1.0 if opcode == op.COUNT_IN_SESSION else values[item, a]
                    if words[at] <= time <= words[at + 1] and not math.isnan(value):
                        floats[at + 2] += weight * value
                elif opcode == op.KEEP_IN_MAP:
                    wanted = hashes[item, writes[row + 4]]
                    if wanted != 0:
                        _keep_in_map(words, at, a, wanted, time)
            if tried and not entered:
                words[base + _TOO_LATE] += 1
