"""The consumers that open cases and keep the entities' index."""

from reviews.appeals.opening import APPEALS
from reviews.console.entity_index import ENTITIES
from reviews.queue.opening import CASES
from scoring.log.consumers.registry import register

register(CASES)
register(APPEALS)
register(ENTITIES)
