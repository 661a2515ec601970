"""Badges: a state as a colored word."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

_TONES = {
    "good": "allow legitimate acceptable champion approved decided finished stable passed valid",
    "warn": "review claimed waiting fallback no_model moderate expired retracted stopping",
    "bad": "block fraud violating rejected failed parked shifted revoked",
    "info": "challenge canary candidate open running ready",
}
TONES = {word: tone for tone, words in _TONES.items() for word in words.split()}


def badge(word: str, *, tone: str = "", text: str = "") -> SafeString:
    """`word` (or `text`) in the tone of `word`; tones are good, warn, bad, info, neutral."""
    return format_html(
        '<span class="ws-badge ws-badge--{}">{}</span>',
        tone or TONES.get(word, "neutral"),
        text or word.replace("_", " "),
    )
