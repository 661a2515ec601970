"""Members of the simulated community: what they write about, how often, and from which device and address."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.community.phrases import TOPICS

MEMBERS = 1_500
TOPIC_NAMES = tuple(TOPICS)
THREADS_PER_TOPIC = 12  # that are open on a day


@dataclass(frozen=True)
class Community:
    """`rate`: each member's share of what is written; `shift`: the hour at which they mostly write."""

    seed: int
    rate: NDArray[np.float64]
    topic: NDArray[np.int64]
    shift: NDArray[np.float64]

    @property
    def members(self) -> int:
        return len(self.rate)


def make_community(*, seed: int, members: int = MEMBERS) -> Community:
    """The same community for the same seed. A few members write most of what is written."""
    rng = np.random.default_rng([seed, 11])
    rate = rng.lognormal(0, 1.2, members)
    return Community(
        seed=seed,
        rate=rate / rate.sum(),
        topic=rng.integers(len(TOPIC_NAMES), size=members),
        shift=rng.normal(19, 3, members) % 24,
    )


def member_name(member: int) -> str:
    return f"member-{member:05d}"


def member_device(member: int) -> str:
    return f"phone-{member:05d}"


def member_address(member: int) -> str:
    return f"10.{member // 65_536 % 256}.{member // 256 % 256}.{member % 256}"


def thread_name(topic: str, day: int, number: int) -> str:
    return f"{topic}-{day}-{number}"
