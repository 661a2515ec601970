"""The consumers that open cases and keep the entities' index."""

from reviews.console.entity_index import ENTITIES
from reviews.queue.opening import CASES
from scoring.log.consumers.registry import register

register(CASES)
register(ENTITIES)
