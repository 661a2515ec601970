"""The rank of a case: a weight that grows with its age, stored as a number that never needs an update.

The weight starts at the expected loss and doubles every `DOUBLING`. At time t it is
(1 + loss) * 2 ** ((t - opened_at) / DOUBLING), and its binary logarithm is
log2(1 + loss) - opened_at / DOUBLING + t / DOUBLING. The last term is the same for all cases at any time, so
leaving it out keeps the order. The rest is constant per case, so an index keeps the queue sorted. A case of
10 USD overtakes one of 320 USD that was opened 20 hours (5 doublings) later.
"""

import hashlib
import math
from datetime import datetime, timedelta

from scoring.catalog.currency import EXPONENTS
from scoring.timestamps import EPOCH

DOUBLING = timedelta(hours=4)

# Assumed where no model gave a score.
UNKNOWN_SCORE = 0.5

# Sampled cases are for learning, and their own expected loss is usually small. They rank like a case with
# this loss, in whole units of its currency, so that reviewers reach them.
SAMPLE_LOSS = 20.0

# Cases that are reviewed for their label: their event was not stopped, so no loss is averted.
FOR_LABEL = frozenset({"sample", "uncertain", "explored"})

# The share of events not sent to review that become cases anyway.
SAMPLE_SHARE = 0.005
SAMPLE_SALT = "reviews/sample/1"


def expected_loss(*, score: float | None, stake: int) -> int:
    """Probability times amount, in the minor units of `stake`."""
    return round((UNKNOWN_SCORE if score is None else score) * stake)


def rank_of(*, loss: int, currency: str, sampled: bool, opened_at: datetime) -> float:
    """The rank of a case, larger first; `loss` is in minor units of `currency`.

    Losses in different currencies are compared by amount, without conversion.
    """
    amount = SAMPLE_LOSS if sampled else loss / 10 ** EXPONENTS[currency]
    return math.log2(1 + amount) - (opened_at - EPOCH) / DOUBLING


def is_sampled(event_stream: str) -> bool:
    """Whether an event not sent to review becomes a case anyway: a salted hash, so always the same answer."""
    digest = hashlib.sha256(f"{SAMPLE_SALT}\x1f{event_stream}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < SAMPLE_SHARE
