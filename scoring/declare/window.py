"""Lengths of time, and the tiles that windows are made of."""

import re
from dataclasses import dataclass

from scoring.declare.origin import Origin

_UNITS_US = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_WINDOW = re.compile(r"([1-9][0-9]*)([smhd])")
_NO_TIME = re.compile(r"0[smhd]?")
TILES_PER_WINDOW = 12
_LONGEST_US = 3660 * _UNITS_US["d"]


@dataclass(frozen=True, slots=True)
class Window:
    """A length of time in microseconds, and as declared ("24h")."""

    us: int
    label: str

    @classmethod
    def parse(cls, text: str, origin: Origin) -> "Window":
        match = _WINDOW.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise origin.error(f"{text!r} is not a length of time; write for example '5m', '24h' or '30d'")
        us = int(match[1]) * _UNITS_US[match[2]]
        if us > _LONGEST_US:
            raise origin.error(f"{text!r} is longer than ten years; declare a shorter length of time")
        return cls(us, text)


def parse_windows(over: str, origin: Origin) -> list[Window]:
    windows = [Window.parse(word, origin) for word in over.split()] if isinstance(over, str) else []
    if not windows:
        raise origin.error(f"over={over!r} names no window; write for example '1h' or '1h 24h 30d'")
    return windows


def parse_tile(window: Window, tile: str | None, origin: Origin) -> int:
    """The tile width in microseconds: window/12, or `tile=` if it divides the window and is not coarser."""
    if tile is None:
        if window.us % TILES_PER_WINDOW:
            raise origin.error(
                f"window {window.label} is not divisible by its tile (window/{TILES_PER_WINDOW})"
            )
        return window.us // TILES_PER_WINDOW
    width = Window.parse(tile, origin).us
    if window.us % width:
        raise origin.error(f"window {window.label} is not divisible by its tile {tile}")
    if width * TILES_PER_WINDOW > window.us:
        raise origin.error(f"tile {tile} is coarser than a twelfth of window {window.label}")
    return width


def parse_delay(text: str, origin: Origin) -> Window:
    """A length of time that may be 0: "0d"."""
    if isinstance(text, str) and _NO_TIME.fullmatch(text):
        return Window(0, "0d")
    return Window.parse(text, origin)


def tile_text(window: Window, tile: int) -> str:
    """A tile width, quoted, for `tile=`; empty for the window's default."""
    if tile * TILES_PER_WINDOW == window.us:
        return ""
    size, unit = max((size, unit) for unit, size in _UNITS_US.items() if tile % size == 0)
    return f'"{tile // size}{unit}"'
