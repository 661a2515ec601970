"""The embedder that the setting names: a model of sentence-transformers, or `module:Class` of your own."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from scoring.content.embeddings.errors import EmbedderUnavailable, EmbeddingsOff

if TYPE_CHECKING:  # numpy, which most processes do without
    from scoring.content.embeddings.embedders.embedder import Embedder

PACKAGE = "sentence_transformers"
MODEL_FILES = ("modules.json", "config.json")  # one of them lies in the directory of every model
NOT_INSTALLED = (
    "the package sentence-transformers is not installed. Install it with"
    " `pip install -r requirements-embeddings.txt`, or unset the setting"
)


def load_embedder() -> "Embedder":
    """The embedder that `ASSAY_TEXT_EMBEDDINGS` names; takes seconds.

    Raises EmbedderUnavailable, EmbeddingsOff.
    """
    named = settings.TEXT_EMBEDDINGS
    if not named:
        raise EmbeddingsOff
    if problem := problem_of(named):
        raise EmbedderUnavailable(named, problem)
    try:
        return _own_class(named)() if is_own_class(named) else _sentence_transformer(named)
    except Exception as error:  # the libraries raise what they like: the edge to code that is not ours
        said = " ".join(str(error).split())
        raise EmbedderUnavailable(named, f"it cannot be loaded ({type(error).__name__}: {said})") from error


def problem_of(named: str) -> str:
    """Why this model cannot be loaded, as far as that shows without loading it; "" for no reason."""
    if is_own_class(named):
        return "" if _can_be_found(named.partition(":")[0]) else "there is no such module"
    if find_spec(PACKAGE) is None:
        return NOT_INSTALLED
    if _is_path(named) and not any(Path(named).expanduser().joinpath(file).is_file() for file in MODEL_FILES):
        return f"there is no model in this directory: it has neither {' nor '.join(MODEL_FILES)}"
    return ""


def is_own_class(named: str) -> bool:
    """Whether this is `module:Class`."""
    module, colon, name = named.partition(":")
    return bool(colon) and name.isidentifier() and all(map(str.isidentifier, module.split(".")))


def _is_path(named: str) -> bool:
    return named.startswith((".", "/", "~")) or Path(named).exists()


def _can_be_found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _own_class(named: str) -> "type[Embedder]":
    module, _, name = named.partition(":")
    found: type[Embedder] = getattr(import_module(module), name)
    return found


def _sentence_transformer(named: str) -> "Embedder":
    from scoring.content.embeddings.embedders.sentence_transformer import (  # noqa: PLC0415 (torch)
        SentenceTransformerEmbedder,
    )

    return SentenceTransformerEmbedder(named)
