"""What a client prefers: `Prefer: wait=0.5`, `respond-async` (RFC 7240) and `on_timeout=fallback`."""

import math
import re
from dataclasses import dataclass
from typing import cast, get_args

from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.intake.receive import OnTimeout

ON_TIMEOUT = get_args(OnTimeout)
MAX_HEADER = 1_000  # characters; the rest is ignored
# Runs of anything but the separator, or of anything in quotes. They need no backtracking, so they are linear.
_BETWEEN_COMMAS = re.compile(r'(?:[^,"]+|"[^"]*"?)+')
_BETWEEN_SEMICOLONS = re.compile(r'(?:[^;"]+|"[^"]*"?)+')
_NAME = re.compile(r"[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Seconds to wait for decisions (None: not at all), what to do then, and the preferences applied."""

    wait: float | None
    on_timeout: OnTimeout
    applied: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Preference-Applied": self.applied} if self.applied else {}


def read_preferences(
    header: str, *, on_timeout: str | None, default_wait: float | None, usual_wait: float, most: float
) -> Preferences:
    """Read the `Prefer` header and the `on_timeout` query parameter, which takes precedence.

    Without `wait` or `respond-async` the wait is `default_wait`; if that is None (a list) but a fallback is
    requested, it is `usual_wait`. The wait is capped at `most` seconds. As RFC 7240 wants, a preference that
    is unknown or cannot be read is ignored, and therefore not named in `Preference-Applied`. An unknown
    `on_timeout` raises `InvalidRequest`.

    >>> read_preferences("wait=60", on_timeout=None, default_wait=0.5, usual_wait=0.5, most=10.0)
    Preferences(wait=10.0, on_timeout='pending', applied='wait=10')
    """
    sent = parse_prefer(header)
    chosen = on_timeout if on_timeout is not None else sent.get("on_timeout")
    if chosen is not None and chosen not in ON_TIMEOUT:
        raise InvalidRequest(
            [RequestProblem("on_timeout", f"is unknown: {chosen[:30]!r}", " or ".join(ON_TIMEOUT))]
        )
    timeout = [f"on_timeout={chosen}"] if chosen is not None else []
    if "respond-async" in sent:
        return Preferences(None, "pending", "respond-async")
    asked = read_seconds(sent.get("wait"))
    if asked is None:
        wait = usual_wait if default_wait is None and chosen == "fallback" else default_wait
        return Preferences(wait, cast(OnTimeout, chosen or "pending"), ", ".join(timeout))
    wait = min(asked, most)
    return Preferences(wait, cast(OnTimeout, chosen or "pending"), ", ".join([f"wait={wait:g}", *timeout]))


def parse_prefer(header: str) -> dict[str, str]:
    """Names (lower case) and values of the preferences; the first of repeated ones counts (section 2).

    >>> parse_prefer('wait=0.5, Respond-Async; x=1, on_timeout="fallback"')
    {'wait': '0.5', 'respond-async': '', 'on_timeout': 'fallback'}
    """
    preferences: dict[str, str] = {}
    for part in _BETWEEN_COMMAS.findall(header[:MAX_HEADER]):
        preference, *_parameters = _BETWEEN_SEMICOLONS.findall(part) or [""]
        name, _, value = map(str.strip, preference.partition("="))
        if _NAME.fullmatch(name):
            preferences.setdefault(name.lower(), value.strip('"'))
    return preferences


def read_seconds(text: str | None) -> float | None:
    try:
        seconds = float(text) if text else math.nan
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None
