"""Errors of this room. Each says what happened and what to do."""

from scoring.errors import ScoringError


class EmbedderUnavailable(ScoringError):
    """The embedding model that the setting names cannot be used."""

    def __init__(self, named: str, problem: str) -> None:
        self.named = named
        super().__init__(f"ASSAY_TEXT_EMBEDDINGS names {named!r}, but {problem}")


class EmbeddingsOff(ScoringError):
    """Something needs embeddings, and no model is set."""

    def __init__(self) -> None:
        super().__init__(
            "no embedding model is set; set ASSAY_TEXT_EMBEDDINGS to the name or path of a model of"
            " sentence-transformers, and install requirements-embeddings.txt"
        )
