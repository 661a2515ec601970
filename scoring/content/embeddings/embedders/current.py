"""Which embedding model is in use."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from scoring.content.embeddings.models import TextEmbedding, TextModel

if TYPE_CHECKING:  # numpy, which most processes do without
    from scoring.content.embeddings.embedders.embedder import Embedder

# Part of a model's version; it changes with what `texts.prepare_text` gives the same model to read.
PREPARATION = "1"


def current_model() -> TextModel | None:
    """The model that was last loaded under the name in the setting; None before, and without one."""
    if not settings.TEXT_EMBEDDINGS:
        return None
    return TextModel.objects.filter(name=settings.TEXT_EMBEDDINGS).order_by("-used_at").first()


def use_model(embedder: "Embedder", *, now: datetime) -> TextModel:
    """The row of a loaded embedder, which is the current model from now on."""
    model, _ = TextModel.objects.update_or_create(
        name=settings.TEXT_EMBEDDINGS,
        version=f"{embedder.version}.{PREPARATION}",
        dimension=embedder.dimension,
        defaults={"used_at": now},
    )
    return model


def earlier_model(model: TextModel | None) -> TextModel | None:
    """The latest other model that has embeddings of known texts: this one has yet to embed them."""
    known = TextEmbedding.objects.filter(known=True).exclude(model=model)
    return TextModel.objects.filter(pk__in=known.values("model")).order_by("-used_at").first()
