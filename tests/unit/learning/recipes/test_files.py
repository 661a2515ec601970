import pytest

from scoring.learning.errors import InvalidTraining
from scoring.learning.recipes.files import MAX_BYTES, dump_recipe, load_recipe
from scoring.learning.training.recipe import TrainingConfig


def test_a_recipe_comes_back_from_its_file(tmp_path):
    path, config = tmp_path / "recipe.yaml", TrainingConfig(depth=8, monotone=(("amount", "increasing"),))
    path.write_text(dump_recipe(config))
    assert load_recipe(path) == config
    path.write_text(dump_recipe(TrainingConfig()))
    assert load_recipe(path) == TrainingConfig()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("depth: 6\ndepth: 7\n", "depth: 'repeated' is not stated once"),
        ("shares:\n  train: 0.7\n  train: 0.8\n", "shares.train: 'repeated'"),
        ("depth: [6", "is not YAML"),
        ("depth: !!python/name:os.system 6", "is not YAML"),
        ("- depth", "names and values"),
        ("", "names and values"),
        ("depth: 99", "a whole number from 1 to 12"),
        ("#" * (MAX_BYTES + 1), "at most 100,000 bytes"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text, words):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(InvalidTraining) as refused:
        load_recipe(path)
    assert words in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("missing.yaml", "binary", "."):
        with pytest.raises(InvalidTraining, match="readable text file"):
            load_recipe(tmp_path / name)
