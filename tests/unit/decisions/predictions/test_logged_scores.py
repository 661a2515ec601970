"""Which logged values another model is given."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scoring.decisions.predictions.logged_scores import _logged_vectors
from tests.factories.log import as_read, decided, received

PACKED = np.linspace(0, 1, 9)  # by the factory: 2 features, 3 contributions, then the sets beside
ALSO = [["new", 2], ["else", 2]]


def feature_set(name: str) -> Any:
    return SimpleNamespace(declared=name, hash=f"{name} under a vocabulary", names=("amount", "category"))


@pytest.mark.parametrize(
    ("logged_under", "wanted", "values"),
    [
        ("old under a vocabulary", "old", PACKED[:2]),
        ("old under a vocabulary", "new", PACKED[5:7]),
        ("old under a vocabulary", "else", PACKED[7:]),
        ("old under a vocabulary", "unknown", None),
        ("old under another vocabulary", "old", None),
        ("old under another vocabulary", "new", PACKED[5:7]),
    ],
)
def test_a_model_gets_the_values_of_its_own_features(
    logged_under: str, wanted: str, values: np.ndarray | None
) -> None:
    """Or nothing, where they were not logged."""
    entry = as_read(decided(as_read(received("T-1")), feature_set=logged_under, also=ALSO), position=8)
    found = _logged_vectors([entry], decided_under=feature_set("old"), wanted=feature_set(wanted))
    assert {position: row.tolist() for position, row in found.items()} == (
        {} if values is None else {8: values.tolist()}
    )
