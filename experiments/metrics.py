"""The metrics compared between arms; each is a ratio of two sums over units."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """`y` and `n` name a unit's counts in `experiments.results.aggregates`; their ratio is the metric.

    `noun` names it in a sentence. `mature`: it needs labels, so only mature decisions count. `harm`: higher
    is worse; for blocks and reviews that depends on the fraud they prevent.
    """

    name: str
    title: str
    noun: str
    y: str
    n: str
    kind: Literal["share", "money"] = "share"
    mature: bool = False
    harm: bool = False

    @property
    def is_share(self) -> bool:
        return self.kind == "share"

    @property
    def of(self) -> str:
        """The denominator in words: "of decisions", "per mature decision"."""
        kind = "mature decisions" if self.mature else "decisions"
        return f"of {kind}" if self.is_share else "per mature decision"


METRICS = (
    Metric("block_rate", "Block rate", "block rate", "blocked", "decisions"),
    Metric("review_rate", "Review rate", "review rate", "reviewed", "decisions"),
    Metric("fraud_rate", "Fraud rate", "fraud rate", "fraud", "matured", mature=True),
    Metric(
        "missed_rate",
        "Missed-fraud rate",
        "missed-fraud rate",
        "missed",
        "matured",
        mature=True,
        harm=True,
    ),
    Metric(
        "loss",
        "Loss",
        "loss per mature decision",
        "lost",
        "matured",
        kind="money",
        mature=True,
        harm=True,
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
