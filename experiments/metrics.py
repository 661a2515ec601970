"""What is compared between the arms: each metric a ratio of two sums over units."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """`y` and `n` name counts of a unit in `experiments.results.aggregates`; their ratio is the metric.

    `claim` says in words what an arm does, around an amount ("0.4 points less"). `mature`: it rests on
    labels, so only decisions whose labels had time to come count. `harm`: more of it is worse; of blocks and
    reviews nobody can say so without the fraud beside them.
    """

    name: str
    title: str
    claim: str
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
        """What it is a share of, or for what the money is lost."""
        kind = "mature decisions" if self.mature else "decisions"
        return f"of {kind}" if self.is_share else "per mature decision"


METRICS = (
    Metric("block_rate", "Blocked", "blocks {} of the decisions", "blocked", "decisions"),
    Metric("review_rate", "Sent to review", "sends {} of the decisions to review", "reviewed", "decisions"),
    Metric("fraud_rate", "Fraud", "sees {} fraud", "fraud", "matured", mature=True),
    Metric(
        "missed_rate",
        "Fraud let through",
        "lets {} fraud through",
        "missed",
        "matured",
        mature=True,
        harm=True,
    ),
    Metric(
        "loss",
        "Money lost",
        "loses {} on a mature decision",
        "lost",
        "matured",
        kind="money",
        mature=True,
        harm=True,
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
