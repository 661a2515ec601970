"""The consumers that open cases, and keep the entities' index and the automated restrictions."""

from reviews.appeals.opening import APPEALS
from reviews.console.entity_index import ENTITIES
from reviews.queue.opening import CASES
from reviews.statements.automated import AUTOMATED
from scoring.log.consumers.registry import register

register(CASES)
register(APPEALS)
register(ENTITIES)
register(AUTOMATED)
