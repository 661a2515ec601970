"""The consumer that queues texts to embed; there is none while no model is set."""

from django.conf import settings

from scoring.content.embeddings.following import TEXTS
from scoring.log.consumers.registry import register

if settings.TEXT_EMBEDDINGS:
    register(TEXTS)
