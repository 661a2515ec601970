"""Sentences of the gate stay true after a model is promoted."""

import pytest

from scoring.learning.pages.gate_table import as_of_training, check_rows, why_not_compared
from scoring.registry.models import ModelVersion

FORMER = "no model decides payment yet"
PRESENT = "no model decided payment events when this one was trained"


@pytest.mark.parametrize("stored", [FORMER, PRESENT])
def test_a_first_model_is_said_to_have_had_no_champion_at_its_training(stored):
    check = {"name": "no worse than the champion", "sentence": f"Not compared: {stored}.", "passed": True}
    version = ModelVersion(event_type="payment", comparison={"why_not": stored}, checks=[check])
    assert why_not_compared(version) == PRESENT
    assert check_rows(version) == [check | {"sentence": f"Not compared: {PRESENT}."}]
    assert version.checks == [check]  # as stored


def test_other_reasons_are_kept_and_a_compared_version_has_none():
    assert as_of_training("payment-1 cannot be read", "payment") == "payment-1 cannot be read"
    assert why_not_compared(ModelVersion(event_type="payment", comparison={}, checks=[])) == ""
