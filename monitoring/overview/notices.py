"""What a notice is: something that needs attention, with what to do about it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from monitoring.alerts.models import Alert
from monitoring.overview.facts import Facts

Tone = Literal["bad", "warn", "info"]
TONES: tuple[Tone, ...] = ("bad", "warn", "info")  # most severe first


@dataclass(frozen=True)
class NoticeLink:
    """A further link of a notice: its text, and the page with its arguments."""

    label: str
    page: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True)
class Measured:
    """The fact behind a notice as alerts have it: measured by one of these metrics, in this scope."""

    metrics: tuple[str, ...]
    scope: Mapping[str, str] = field(default_factory=dict)

    def is_what(self, alert: Alert) -> bool:
        """Whether an alert is about this fact."""
        within = all(alert.scope.get(name, value) == value for name, value in self.scope.items())
        return alert.metric in self.metrics and within


@dataclass(frozen=True)
class Notice:
    """`what` happened and what to `do`. `label` is the text of a link to `page` with its `arguments`.

    `also`: links to other pages that help. `measured`: the fact, if alerts may be about it too.
    """

    tone: Tone
    what: str
    do: str
    label: str = ""
    page: str = ""
    arguments: tuple[object, ...] = ()
    query: str = ""
    also: tuple[NoticeLink, ...] = ()
    measured: Measured | None = None


Rule = Callable[[Facts], Iterator[Notice]]


def counted(count: int, one: str, many: str) -> str:
    """A number with its noun: "1 event is", "2 events are"."""
    return f"{count:,} {one if count == 1 else many}"


def in_a_sentence(nouns: Sequence[str]) -> str:
    """At least one noun, with commas and "and": "a", "a and b", "a, b and c"."""
    *before, last = nouns
    return f"{', '.join(before)} and {last}" if before else last


def last_line(error: str, limit: int = 160) -> str:
    """The last line of an error, cut to `limit` characters."""
    line = error.strip().splitlines()[-1] if error.strip() else "no error text"
    return line if len(line) <= limit else line[: limit - 1] + "…"
