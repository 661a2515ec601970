"""Hash banks as the product defines them, and hashes of pictures."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import define_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.definitions import BankDefinition
from scoring.rules.lists.changing.listing import Added

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
ANA = "user/ana"
BITS = 256


def pdq(seed: object) -> str:
    """A hash that differs from that of another seed by about half of its bits."""
    return hashlib.sha256(str(seed).encode()).hexdigest()


def differing(text: str, bits: int, *, start: int = 0) -> str:
    """The hash with this number of bits changed, from the bit `start` on."""
    mask = sum(1 << (start + bit) % BITS for bit in range(bits))
    return f"{int(text, 16) ^ mask:064x}"


def picture(text: str, *, media: str = "", quality: int = 100, turned: int = 0) -> dict[str, Any]:
    """A picture as events carry it: one frame. `turned`: the place of its hash among the variants."""
    variants = [pdq(f"{text} turned {place}") for place in range(7)]
    variants.insert(turned, text)
    return {"id": media or pdq(f"file {text}"), "hashes": [variants], "quality": [quality]}


def video(*frames: str, media: str = "video", quality: int = 100) -> dict[str, Any]:
    """A video as events carry it, with all its frames."""
    return {
        "id": media,
        "kind": "video",
        "hashes": [picture(frame)["hashes"][0] for frame in frames],
        "quality": [quality] * len(frames),
    }


def frame_lines(*hashes: str, quality: int = 100) -> tuple[str, ...]:
    """A known video as vPDQ writes it: a frame a second."""
    return tuple(f"{text},{quality},{at}.000" for at, text in enumerate(hashes))


def banked_video(name: str, *hashes: str, now: datetime = NOW, **given: Any) -> Added:
    """Add a video with these frames to a bank, for the reason "test"."""
    item = NewItem("", reason="test", frames=frame_lines(*hashes), **given)
    return add_items(bank=name, items=[item], actor=ANA, now=now)


def bank_definition(name: str = "known_abuse", **given: Any) -> BankDefinition:
    """A definition without a database."""
    return BankDefinition(
        **{
            "name": name,
            "title": "Known abuse",
            "description": "",
            "action": "block",
            "distance": 31,
            "min_quality": 50,
            "code": "KNOWN_ABUSE",
            "sentence": "The picture is known abuse",
            **given,
        }
    )


def defined_bank(name: str = "known_abuse", **given: Any) -> BankDefinition:
    """A bank in the database, which blocks unless `given` says otherwise."""
    fields = {"title": name.replace("_", " ").capitalize(), "action": "block"}
    return define_bank(name=name, actor=ANA, now=NOW, **{**fields, **given})


def banked(
    name: str,
    *hashes: str,
    until: datetime | None = None,
    now: datetime = NOW,
    quality: int | None = None,
    **given: Any,
) -> Added:
    """Add hashes to a bank, for the reason "test"."""
    items = [NewItem(each, quality=quality, reason="test", expires_at=until) for each in hashes]
    return add_items(bank=name, items=items, actor=ANA, now=now, **given)
