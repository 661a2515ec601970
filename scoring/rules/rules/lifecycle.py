"""The stages of a rule's version, and which may follow which."""

from typing import Final

from scoring.rules.rules.errors import StageNotAllowed

DRAFT: Final = "draft"
SHADOW: Final = "shadow"
ACTIVE: Final = "active"
ARCHIVED: Final = "archived"

STAGES: Final = (DRAFT, SHADOW, ACTIVE, ARCHIVED)
LIVE: Final = (ACTIVE, SHADOW)  # evaluated on every event

# `active` follows an approval by a second person; a version that was active before needs no new one.
NEXT_STAGES: Final[dict[str, tuple[str, ...]]] = {
    DRAFT: (SHADOW, ACTIVE, ARCHIVED),
    SHADOW: (DRAFT, ACTIVE, ARCHIVED),
    ACTIVE: (SHADOW, ARCHIVED),
    ARCHIVED: (DRAFT, SHADOW, ACTIVE),
}
# Only one version of a rule is in these stages; the next one moves it on.
DISPLACED_TO: Final = {ACTIVE: ARCHIVED, SHADOW: DRAFT}


def check_stage(rule: str, *, now: str, wanted: str) -> None:
    """Raises StageNotAllowed unless a version in stage `now` may go to `wanted`."""
    if wanted not in NEXT_STAGES[now]:
        raise StageNotAllowed(rule=rule, now=now, wanted=wanted, allowed=NEXT_STAGES[now])
