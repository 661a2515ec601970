"""Text signals, measured when a text is received: the log has them next to the digest of a personal text.

They are never recomputed, so neither a new definition nor a new version of Unicode changes those of a past
event.
"""

import re
import unicodedata
from collections import Counter

import numpy as np

from scoring.declare import Measured
from scoring.texts.contacts import find_contacts
from scoring.texts.links import find_links
from scoring.texts.normalization import normalize_text
from scoring.texts.words import count_emoji, count_hashtags, count_mentions, repeated_share

_LINK = re.compile(r"(?:https?://(?:www\.)?|\bwww\.)\w", re.IGNORECASE)
_CAPITALS = ("Lu", "Lt")


def text_signals(text: str) -> Measured:
    """The signals of an NFC-normalized text (see docs/reference/signals.md), without shares of nothing.

    >>> text_signals("BUY n0w")
    {'length': 7, 'words': 2, 'links': 0, 'longest_run': 1, 'hidden_links': 0, 'contacts': 0, 'mentions': 0,\
 'hashtags': 0, 'emoji': 0, 'disguises': 1, 'digits': 0.14285714285714285, 'symbols': 0.0,\
 'disguised': 0.14285714285714285, 'capitals': 0.6, 'repetition': 0.0}
    """
    normalized = normalize_text(text)
    categories = Counter(map(unicodedata.category, text))
    letters = _count(categories, "L")
    signals: Measured = {
        "length": len(text),
        "words": len(text.split()),
        "links": len(_LINK.findall(text)),
        "longest_run": _longest_run(text),
        "hidden_links": sum(link.hidden for link in find_links(text)),
        "contacts": len(find_contacts(text)),
        "mentions": count_mentions(text),
        "hashtags": count_hashtags(text),
        "emoji": count_emoji(text),
        "disguises": normalized.disguises,
    }
    if text:
        signals["digits"] = categories["Nd"] / len(text)
        signals["symbols"] = (_count(categories, "P") + _count(categories, "S")) / len(text)
        signals["disguised"] = normalized.disguised_share
    if letters:
        signals["capitals"] = sum(categories[each] for each in _CAPITALS) / letters
    if (repeated := repeated_share(text)) is not None:
        signals["repetition"] = repeated
    return signals


def _longest_run(text: str) -> int:
    """The most characters in a row that are equal."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    changes = np.flatnonzero(codes[1:] != codes[:-1])
    return int(np.diff(changes, prepend=-1, append=len(codes) - 1).max()) if text else 0


def _count(categories: Counter[str], group: str) -> int:
    """The number of characters in a group of Unicode categories: "L" for letters, "P" for punctuation."""
    return sum(count for category, count in categories.items() if category.startswith(group))
