"""The consumers that open cases, and keep the entities' index, reports, the automated restrictions and the
explanations of decided cases, and request the actions that follow verdicts.
"""

from reviews.actions.following import ACTIONS
from reviews.appeals.opening import APPEALS
from reviews.console.entity_index import ENTITIES
from reviews.queue.opening import CASES
from reviews.similar.following import SIMILAR
from reviews.statements.automated import AUTOMATED
from reviews.statements.reports import REPORTS
from scoring.log.consumers.registry import register

register(ACTIONS)
register(CASES)
register(APPEALS)
register(ENTITIES)
register(AUTOMATED)
register(REPORTS)
register(SIMILAR)
