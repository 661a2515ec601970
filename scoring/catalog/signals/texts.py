"""Text signals, measured when a text is received: the log has them next to the digest of a personal text.

They are never recomputed, so neither a new definition nor a new version of Unicode changes those of a past
event.
"""

import re

from scoring.declare import Measured
from scoring.texts.contacts import find_contacts
from scoring.texts.links import find_links
from scoring.texts.normalization import normalize_text
from scoring.texts.surveys.survey import survey
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
    found = survey(text)
    letters = found.count("L")
    signals: Measured = {
        "length": len(text),
        "words": found.words,
        "links": _count_links(text),
        "longest_run": found.longest_run,
        "hidden_links": sum(link.hidden for link in find_links(text)),
        "contacts": len(find_contacts(text)),
        "mentions": count_mentions(text),
        "hashtags": count_hashtags(text),
        "emoji": count_emoji(text),
        "disguises": normalized.disguises,
    }
    if text:
        signals["digits"] = found.count("Nd") / len(text)
        signals["symbols"] = (found.count("P") + found.count("S")) / len(text)
        signals["disguised"] = normalized.disguised_share
    if letters:
        signals["capitals"] = sum(map(found.count, _CAPITALS)) / letters
    if (repeated := repeated_share(text)) is not None:
        signals["repetition"] = repeated
    return signals


def _count_links(text: str) -> int:
    """How many addresses begin in a text. The expression is tried only where it may match."""
    return len(_LINK.findall(text)) if "://" in text or "www." in text.lower() else 0
