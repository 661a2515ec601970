"""The consumers that note exposures and interrupt experiments."""

from experiments.design.interruptions import INTERRUPTIONS
from experiments.results.exposures import EXPOSURES
from scoring.log.consumers.registry import register

register(EXPOSURES)
register(INTERRUPTIONS)
