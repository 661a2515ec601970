"""Evidence against a limit that stays valid however often it is looked at. Pure.

A guardrail is judged every few seconds on a growing number of events, so a test for one look would fail by
chance sooner or later. The evidence that k of n independent events have a property with a probability above
p0 is the likelihood ratio of the uniform mixture over (p0, 1) against p0,

    E = (1 / (1 - p0)) * integral from p0 to 1 of p^k (1 - p)^(n - k) dp / (p0^k (1 - p0)^(n - k)).

While the probability is p0 or less, E exceeds 1 / alpha at any of all looks with a probability of at most
alpha (Ville 1939; Robbins, Statistical methods related to the law of the iterated logarithm, 1970).
"""

import math

import numpy as np
from scipy.special import betaincc, betainccinv, betaln

# A model is judged on two spans with five guardrails each, and the shorter span starts anew every hour: about
# one false alarm in two thousand hours at all limits themselves, and fewer below them.
ALPHA = 1e-4
CONFIDENCE = 0.999  # of the upper bound of the share that a model is compared with


def log_evidence(k: int, n: int, p0: float) -> float:
    """The logarithm of E for k of n events against a probability of at most p0, 0 < p0 < 1.

    >>> round(log_evidence(10, 10, 0.5), 2)
    5.23
    >>> log_evidence(0, 50, 0.05) < 0
    True
    """
    with np.errstate(divide="ignore"):
        upper = float(np.log(betaincc(k + 1, n - k + 1, p0)))
    likelihood = k * math.log(p0) + (n - k) * math.log1p(-p0)
    return float(betaln(k + 1, n - k + 1)) + upper - math.log1p(-p0) - likelihood


def exceeds(k: int, n: int, p0: float, *, alpha: float = ALPHA) -> bool:
    """Whether k of n events are enough evidence of a probability above p0."""
    return 0 < p0 < 1 and log_evidence(k, n, p0) >= -math.log(alpha)


def upper_bound(k: int, n: int) -> float:
    """The one-sided upper confidence bound of a share of k of n events (Clopper and Pearson 1934).

    >>> round(upper_bound(0, 100), 4)
    0.0667
    """
    return 1.0 if k >= n else float(betainccinv(k + 1, n - k, 1 - CONFIDENCE))
