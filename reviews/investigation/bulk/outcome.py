"""What a step of a bulk action did with each of its items."""

from collections.abc import Iterable
from typing import Any, NamedTuple

# The position of an event, or a value as it is logged: the digest of a personal one.
Item = int | str


class Outcome(NamedTuple):
    """`done`: items with what identifies the entries written for each, so that they can be undone.
    `left_out`: items with why nothing was written.
    """

    done: list[tuple[Item, Any]]
    left_out: list[tuple[Item, str]]

    @classmethod
    def nothing(cls) -> "Outcome":
        return cls([], [])

    @classmethod
    def without(cls, refused: Iterable[tuple[Item, str]]) -> "Outcome":
        return cls([], list(refused))

    def as_data(self) -> dict[str, Any]:
        """As logged in `bulk_action.applied`."""
        return {"done": list(map(list, self.done)), "left_out": list(map(list, self.left_out))}
