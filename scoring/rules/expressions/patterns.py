"""Bounds regular expressions. RE2 matches in linear time; the size of a pattern bounds the rest."""

import re

from scoring.rules.expressions.language import MAX_PATTERN, MAX_PATTERN_COST

# Unicode classes have hundreds of ranges: each takes a millisecond to compile, which happens for every event.
_UNICODE_CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\[pP]")
_WIDE = 4  # the cost of what matches most characters, each of which has up to four bytes
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)


def pattern_problem(pattern: str) -> tuple[str, str] | None:
    """What makes a regular expression too costly, and what is allowed; None for one within bounds."""
    if len(pattern) > MAX_PATTERN:
        return f"the pattern has {len(pattern):,} characters", f"at most {MAX_PATTERN}"
    if _UNICODE_CLASS.search(pattern):
        return "Unicode classes (\\p) take too long", "classes such as [a-z], \\w, \\d"
    if pattern_cost(pattern) > MAX_PATTERN_COST:
        return "the pattern is too large with its repetitions written out", "fewer or smaller {n}"
    return None


def pattern_cost(pattern: str) -> int:
    """About the number of single characters and classes that the pattern stands for, wide ones more.

    >>> pattern_cost("ab"), pattern_cost("[a-z]{50}"), pattern_cost("((a{10}){10}){10}"), pattern_cost(".")
    (2, 50, 1000, 4)
    """
    open_groups: list[int] = []
    total = last = position = 0
    while position < len(pattern):
        character = pattern[position]
        if found := _COUNT.match(pattern, position):
            times = max(int(found[1]), int(found[2] or 0), 1)
            total, last = total + last * (times - 1), last * times
            position = found.end()
            continue
        if character == "(":
            open_groups.append(total)
            total = last = 0
        elif character == ")" and open_groups:
            last = total
            total += open_groups.pop()
        elif character not in "*+?|^$":
            last = _atom_cost(pattern, position)
            total += last
            position = _atom_end(pattern, position) - 1
        position += 1
    return total + sum(open_groups)


def _atom_end(pattern: str, position: int) -> int:
    if pattern[position] == "\\":
        return min(position + 2, len(pattern))
    found = _CLASS.match(pattern, position) if pattern[position] == "[" else None
    return found.end() if found else position + 1


def _atom_cost(pattern: str, position: int) -> int:
    atom = pattern[position : _atom_end(pattern, position)]
    is_wide = atom == "." or atom.startswith("[^") or atom in ("\\D", "\\W", "\\S") or not atom.isascii()
    return _WIDE if is_wide else 1
