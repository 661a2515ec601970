"""Which logged values a shadow is given."""

from types import SimpleNamespace
from typing import Any

from scoring.decisions.shadow import _logged_vectors
from tests.factories.log import as_read, decided, received


def feature_set(name: str) -> Any:
    return SimpleNamespace(declared=name, hash=f"{name} under a vocabulary", names=("amount",))


def test_a_decision_that_did_not_log_the_shadows_features_is_not_scored_by_it() -> None:
    entry = as_read(decided(as_read(received("T-1")), feature_set="old under a vocabulary"))
    found = _logged_vectors([entry], decided_under=feature_set("old"), wanted=feature_set("new"))
    assert found == {}
