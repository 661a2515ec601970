"""What is compared between the arms: each metric a ratio of two sums over units."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """`y` and `n` name columns of `experiments.aggregates.PER_UNIT`; their ratio is the metric.

    `mature`: it rests on labels, so only decisions whose labels had time to come count.
    """

    name: str
    title: str
    says: str
    y: str
    n: str
    kind: Literal["share", "money"] = "share"
    mature: bool = False

    @property
    def is_share(self) -> bool:
        return self.kind == "share"


METRICS = (
    Metric("block_rate", "Blocked", "of decisions", "blocked", "decisions"),
    Metric("review_rate", "Sent to review", "of decisions", "reviewed", "decisions"),
    Metric("fraud_rate", "Fraud", "of mature decisions", "fraud", "matured", mature=True),
    Metric("missed_rate", "Fraud let through", "of mature decisions", "missed", "matured", mature=True),
    Metric("loss", "Money lost", "a mature decision", "lost", "matured", kind="money", mature=True),
)
BY_NAME = {metric.name: metric for metric in METRICS}
