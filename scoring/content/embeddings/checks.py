"""System checks of the embedding model, while one is set."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

from scoring.content.embeddings.embedders.current import current_model, earlier_model
from scoring.content.embeddings.embedders.loading import problem_of
from scoring.content.embeddings.errors import EmbedderUnavailable
from scoring.content.embeddings.known.database import missing_extension
from scoring.content.embeddings.models import TextModel


@register("content")
def check_embedder(**_: Any) -> list[CheckMessage]:
    """An error for a model that cannot be loaded, as far as that is seen without loading it."""
    named = settings.TEXT_EMBEDDINGS
    problem = problem_of(named) if named else ""
    return [Error(f"{EmbedderUnavailable(named, problem)}.", id="scoring.E010")] if problem else []


@register(Tags.database)
def check_embeddings(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warnings for a missing extension, and for known texts that only another model has embedded."""
    if not settings.TEXT_EMBEDDINGS or not databases:
        return []
    problems = [("scoring.W011", missing_extension())]
    if (
        TextModel._meta.db_table in connection.introspection.table_names()
    ):  # `migrate` checks before it migrates
        problems.append(("scoring.W012", to_embed_again()))
    return [Warning(problem, id=name) for name, problem in problems if problem]


def to_embed_again() -> str:
    """What to do when known texts have embeddings of another model than the current one; "" otherwise."""
    current = current_model()
    earlier = earlier_model(current)
    if earlier is None:
        return ""
    now = f"the current one is {current}" if current else f"{settings.TEXT_EMBEDDINGS} was not loaded yet"
    return (
        f"Known texts were embedded by {earlier}; {now}. Embeddings of different models are never compared,"
        " so they are not found. Run manage.py embed_texts, which embeds them again."
    )
