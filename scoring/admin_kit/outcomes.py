"""Outcomes on pages: in the words of their event type, colored by severity."""

from django.utils.safestring import SafeString

from scoring.admin_kit.badges import badge
from scoring.catalog.registry import all_outcomes, event_types

COLORS = ("allow", "label", "challenge", "review", "limit", "block")  # outcomes with a color of their own
TONES = {"allow": "good", "challenge": "info", "review": "warn", "block": "bad"}  # others: as the color


def outcome_color(outcome: str) -> str:
    """The color of an outcome; one without its own has that of a challenge, or if it is more severe than a
    review, that of a limit.
    """
    if outcome in COLORS:
        return outcome
    known = all_outcomes()
    if outcome not in known:
        return "series-5"
    return "challenge" if known.index(outcome) < known.index("review") else "limit"


def outcome_tone(outcome: str) -> str:
    """The tone of an outcome's badge."""
    color = outcome_color(outcome)
    return TONES.get(color, color if color in COLORS else "neutral")


def outcome_text(outcome: str, event_type: str) -> str:
    """An outcome in the words of its event type; by its name if the type left the catalog."""
    kind = event_types().get(event_type)
    return kind.outcome_title(outcome) if kind else outcome.replace("_", " ")


def outcome_badge(outcome: str, event_type: str) -> SafeString:
    """A badge with an outcome: "remove" for the outcome `block` of a post."""
    return badge(outcome, tone=outcome_tone(outcome), text=outcome_text(outcome, event_type))
