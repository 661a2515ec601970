"""Words for missing values: the usual ones written by programs, and those named for a file."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

# As programs write missing values, in lower case. Free text is only missing if it is blank.
USUAL = frozenset(
    {
        *("null", "nan", "n/a", "#n/a", "<na>", "none", "nil", "nat", "\\n"),
        *("(null)", "[null]", "<null>"),
    }
)
# Ambiguous words and spreadsheet errors: the report mentions them, but they are read as values.
DOUBTFUL = frozenset(
    {
        "na",
        "-",
        "--",
        "?",
        ".",
        "unknown",
        "undefined",
        "missing",
        "empty",
        "not available",
        "(blank)",
        "n.a.",
        "#null!",
        "#value!",
        "#ref!",
        "#div/0!",
        "#name?",
        "#num!",
        "00000000-0000-0000-0000-000000000000",
    }
)
# The share of a column from which the report mentions such a word.
NOTED_SHARE = 0.01
_LONGEST = max(map(len, USUAL | DOUBTFUL))

WordCounts = Mapping[str, Mapping[str, int]]  # cells by column and word


class MissingWords:
    """`words`: those named for this file, matched exactly, also in free text."""

    def __init__(self, words: Collection[str] = (), *, usual: bool = True) -> None:
        self._named = frozenset(word.strip() for word in words)
        self._usual = USUAL if usual else frozenset[str]()

    def is_missing(self, raw: Any, *, free_text: bool = False) -> bool:
        """Whether a cell is a missing value.

        >>> MissingWords().is_missing("NULL"), MissingWords(["-"]).is_missing(" - ")
        (True, True)
        """
        if not isinstance(raw, str):
            return raw is None
        text = raw.strip()
        if not text or text in self._named:
            return True
        return not free_text and len(text) <= _LONGEST and text.lower() in self._usual


def count_words(column: Sequence[Any]) -> Counter[str]:
    """The counts of usual and ambiguous words in a column, by spelling."""
    texts = {value for value in set(column) if isinstance(value, str) and len(value) <= _LONGEST + 2}
    words = {text for text in texts if text.strip().lower() in USUAL or text.strip().lower() in DOUBTFUL}
    return Counter(value for value in column if value in words) if words else Counter()


def merge_counts(one: WordCounts, other: WordCounts) -> dict[str, dict[str, int]]:
    """The sums of both."""
    merged = {column: dict(words) for column, words in one.items()}
    for column, words in other.items():
        into = merged.setdefault(column, {})
        for word, count in words.items():
            into[word] = into.get(word, 0) + count
    return merged


def word_notes(counts: WordCounts, rows: int, words: MissingWords) -> list[str]:
    """A note for each word that is frequent in a column, saying how it was read."""
    notes = []
    for column, found in counts.items():
        for word, count in sorted(found.items(), key=lambda pair: -pair[1]):
            if rows and count >= max(2, NOTED_SHARE * rows):
                was_read = _how_read(word, words)
                notes.append(f"{column}: {word.strip()!r} in {count:,} rows ({count / rows:.0%}) {was_read}")
    return notes


def _how_read(word: str, words: MissingWords) -> str:
    if words.is_missing(word):
        return "was read as missing"
    return f"was read as a value; if it means missing, use --missing {word.strip()!r}"
