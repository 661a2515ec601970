"""Recipes as YAML files, so that one can be kept in git, compared and given to a training."""

from pathlib import Path
from typing import Any

import yaml

from scoring.learning.errors import InvalidTraining
from scoring.learning.recipes.reading import read_recipe, stated_values
from scoring.learning.training.recipe import TrainingConfig

MAX_BYTES = 100_000


def load_recipe(path: Path, *, base: TrainingConfig | None = None) -> TrainingConfig:
    """The recipe in a file. Raises InvalidTraining, also for a file that cannot be read."""
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidTraining("recipe", str(path), f"a readable text file ({error})") from error
    if len(text.encode()) > MAX_BYTES:
        raise InvalidTraining("recipe", str(path), f"a file of at most {MAX_BYTES:,} bytes")
    return read_recipe(_parse(text, path), base=base)


def dump_recipe(config: TrainingConfig) -> str:
    """A file that `load_recipe` reads as this recipe; it states only what differs from the default."""
    stated = stated_values(config)
    return yaml.safe_dump(stated, sort_keys=False, allow_unicode=True) if stated else "{}\n"


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None and (key := _repeated_key(root)):
            raise InvalidTraining(key, "repeated", "stated once")
        values = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidTraining("recipe", str(path), f"YAML ({' '.join(str(error).split())})") from error
    if not isinstance(values, dict):
        raise InvalidTraining("recipe", str(path), "a file of names and values, such as `depth: 8`")
    return values


def _repeated_key(node: yaml.Node) -> str:
    """A key that a mapping of the document has twice; "" if there is none."""
    if not isinstance(node, yaml.MappingNode):
        return ""
    seen = set[str]()
    for key, value in node.value:
        if key.value in seen:
            return str(key.value)
        seen.add(key.value)
        if inner := _repeated_key(value):
            return f"{key.value}.{inner}"
    return ""
