"""What is counted of a text when it is received: the log has this beside the digest of a personal text.

Signals are never computed again, so neither a later definition nor a later version of Unicode changes what
is known of an event.
"""

import re
import unicodedata
from collections import Counter
from itertools import groupby

_LINK = re.compile(r"(?:https?://(?:www\.)?|\bwww\.)\w", re.IGNORECASE)
_CAPITALS = ("Lu", "Lt")


def text_signals(text: str) -> dict[str, int | float]:
    """The signals of an NFC-normalised text (see docs/reference/features.md); a share of nothing is left out.

    >>> text_signals("BUY now!!")
    {'length': 9, 'words': 2, 'links': 0, 'longest_run': 2, 'digits': 0.0, 'symbols': 0.2222222222222222,\
 'capitals': 0.5}
    """
    categories = Counter(map(unicodedata.category, text))
    letters = _count(categories, "L")
    signals: dict[str, int | float] = {
        "length": len(text),
        "words": len(text.split()),
        "links": len(_LINK.findall(text)),
        "longest_run": max((len(list(run)) for _, run in groupby(text)), default=0),
    }
    if text:
        signals["digits"] = categories["Nd"] / len(text)
        signals["symbols"] = (_count(categories, "P") + _count(categories, "S")) / len(text)
    if letters:
        signals["capitals"] = sum(categories[each] for each in _CAPITALS) / letters
    return signals


def _count(categories: Counter[str], group: str) -> int:
    """How many characters are of a group of Unicode categories: "L" of letters, "P" of punctuation."""
    return sum(count for category, count in categories.items() if category.startswith(group))
