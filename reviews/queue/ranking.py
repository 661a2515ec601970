"""Which case comes first: a weight that grows while it waits, as a number that never has to be touched again.

A case is worth its expected loss, and waiting makes it more urgent: its weight doubles every `DOUBLING`. So
after a time t the weight is (1 + loss) * 2 ** ((t - opened_at) / DOUBLING), and its binary logarithm
log2(1 + loss) - opened_at / DOUBLING + t / DOUBLING. The last term is the same for every case at every
moment: leaving it out changes no order. What is left is a constant of the case, so an index keeps the
queue in order, and a case of 10 USD overtakes one of 320 USD that came 20 hours (5 doublings) later.
"""

import hashlib
import math
from datetime import datetime, timedelta

from scoring.catalog.currency import EXPONENTS
from scoring.timestamps import EPOCH

DOUBLING = timedelta(hours=4)

# The score that is assumed where no model gave one: nothing is known, so as likely as not.
UNKNOWN_SCORE = 0.5

# A sampled case is there to be learnt from, not for its loss, which is small as a rule: it ranks like a case
# of this loss, in whole units of its currency, so that it gets its turn.
SAMPLE_WORTH = 20.0

# Of the events that are not sent to review, this share is looked at all the same.
SAMPLE_SHARE = 0.005
SAMPLE_SALT = "reviews/sample/1"


def expected_loss(*, score: float | None, stake: int) -> int:
    """The loss to expect from an event, in the minor units of `stake`: probability times amount."""
    return round((UNKNOWN_SCORE if score is None else score) * stake)


def rank_of(*, loss: int, currency: str, sampled: bool, opened_at: datetime) -> float:
    """The place of a case in the queue, larger first; `loss` in minor units of `currency`.

    Losses in different currencies are compared as they stand.
    """
    worth = SAMPLE_WORTH if sampled else loss / 10 ** EXPONENTS[currency]
    return math.log2(1 + worth) - (opened_at - EPOCH) / DOUBLING


def is_sampled(event_stream: str) -> bool:
    """Whether an event that is not sent to review is looked at: a salted hash, so always the same answer."""
    digest = hashlib.sha256(f"{SAMPLE_SALT}\x1f{event_stream}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < SAMPLE_SHARE
