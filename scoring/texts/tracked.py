"""A text under change that knows where each of its characters stood in the original."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

Edit = tuple[int, int, str]  # start, end and what stands there instead


@dataclass(slots=True)
class TrackedText:
    """`starts` and `ends`: of each character of `text`, the part of the original that it stands for.

    `disguised`: the parts of the original that were written to be read by people and not by machines.
    """

    original: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    disguised: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, original: str) -> "TrackedText":
        size = len(original)
        return cls(original, original, range(size), range(1, size + 1))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of the text stands for.

        >>> tracked = TrackedText.of("f-r-e-e")
        >>> tracked.edit([(1, 2, ""), (3, 4, ""), (5, 6, "")])
        >>> tracked.text, tracked.span(1, 3)
        ('free', (2, 5))
        """
        if start >= end:
            place = self.starts[start] if start < len(self.starts) else len(self.original)
            return place, place
        return min(self.starts[start:end]), max(self.ends[start:end])

    def edit(self, edits: Iterable[Edit], *, disguise: bool = False) -> None:
        """Replace parts of the text, given from left to right and without overlap.

        A replacement of the same length stands for its part character by character, another one as a whole.
        `disguise`: note the parts as disguised.
        """
        changes = list(edits)
        if not changes:
            return
        if disguise:
            self.disguised += [self.span(start, end) for start, end, _ in changes]
        parts = list(self._parts(changes))
        self.text = "".join(text for text, _, _ in parts)
        self.starts = list(chain.from_iterable([starts for _, starts, _ in parts]))
        self.ends = list(chain.from_iterable([ends for _, _, ends in parts]))

    def _parts(self, edits: list[Edit]) -> Iterator[tuple[str, Sequence[int], Sequence[int]]]:
        done = 0
        for start, end, replacement in edits:
            yield self.text[done:start], self.starts[done:start], self.ends[done:start]
            if len(replacement) == end - start:
                yield replacement, self.starts[start:end], self.ends[start:end]
            else:
                first, last = self.span(start, end)
                yield replacement, [first] * len(replacement), [last] * len(replacement)
            done = end
        yield self.text[done:], self.starts[done:], self.ends[done:]

    def reverse(self, parts: Sequence[tuple[int, int]]) -> None:
        """Turn parts of the text around; each character still stands for its own place."""
        order = list(range(len(self.text)))
        for start, end in parts:
            order[start:end] = range(end - 1, start - 1, -1)
        self.text = "".join(self.text[place] for place in order)
        self.starts = [self.starts[place] for place in order]
        self.ends = [self.ends[place] for place in order]
