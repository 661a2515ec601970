"""Text signals, measured when a text is received: the log has them next to the digest of a personal text.

They are never recomputed, so neither a new definition nor a new version of Unicode changes those of a past
event.
"""

import re
import unicodedata
from collections import Counter
from itertools import groupby

from scoring.declare import Measured

_LINK = re.compile(r"(?:https?://(?:www\.)?|\bwww\.)\w", re.IGNORECASE)
_CAPITALS = ("Lu", "Lt")


def text_signals(text: str) -> Measured:
    """The signals of an NFC-normalized text (see docs/reference/signals.md), without shares of nothing.

    >>> text_signals("BUY now!!")
    {'length': 9, 'words': 2, 'links': 0, 'longest_run': 2, 'digits': 0.0, 'symbols': 0.2222222222222222,\
 'capitals': 0.5}
    """
    categories = Counter(map(unicodedata.category, text))
    letters = _count(categories, "L")
    signals: Measured = {
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
    """The number of characters in a group of Unicode categories: "L" for letters, "P" for punctuation."""
    return sum(count for category, count in categories.items() if category.startswith(group))
