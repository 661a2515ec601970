"""Hash banks in words: what a match does, how near it is, and how often people judge otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.admin_kit.formatting import count_text, percent_text
from scoring.rules.banks.matches import Overturns
from scoring.rules.banks.models import HASH_BITS

ACTION_WORDS = {
    "block": ("Block", "blocks the event, whatever rules and model say"),
    "review": ("Review", "sends the event to review, unless something more severe decides"),
    "limit": ("Limit", "limits the event, unless something more severe decides"),
    "label": ("Label", "labels the event, unless something more severe decides"),
    "tag": ("Tag", "decides nothing by itself; rules can read it"),
}
ACTION_TONES = {"block": "bad", "review": "warn", "limit": "warn", "label": "info", "tag": "info"}
SHOWN_DIGITS = 12  # of a hash or an id


def shortened_hash(text: str) -> str:
    """The beginning of a hash or of the id of a file.

    >>> shortened_hash("ab" * 32)
    'abababababab…'
    """
    return f"{text[:SHOWN_DIGITS]}…" if len(text) > SHOWN_DIGITS else text


def match_words(finding: Mapping[str, Any]) -> str:
    """How near a file is to the item that it matches: "File 3fa94c01b2ee… differs by 12 of 256 bits."

    `finding`: of a bank, as a decision records it; its text has the shares of two videos.
    """
    file, distance = shortened_hash(finding["media"]), finding["distance"]
    subjects = {"frame": f"A frame of file {file}", "video": f"The nearest frame of file {file}"}
    subject = subjects.get(finding.get("match", ""), f"File {file}")
    if not distance:
        return f"{subject} has the same hash."
    return f"{subject} differs by {distance} of {HASH_BITS} bits."


def video_words(frames: Sequence[str]) -> str:
    """A video by its frames ("hash,quality,seconds" each): "118 frames, 2:05"."""
    seconds = round(float(frames[-1].split(",")[2]))
    return (
        f"{count_text(len(frames))} frame{'' if len(frames) == 1 else 's'}, {seconds // 60}:{seconds % 60:02}"
    )


def overturn_words(overturns: Overturns) -> str:
    """What people made of a bank's matches, as a sentence; "" if nobody judged any."""
    if not overturns.judged:
        return ""
    share = percent_text(overturns.share)
    judged = f"{count_text(overturns.judged)} matched event{'' if overturns.judged == 1 else 's'}"
    if not overturns.overturned:
        return f"People judged {judged} of this bank and overturned none."
    return f"People judged {judged} of this bank and overturned {count_text(overturns.overturned)} ({share})."
