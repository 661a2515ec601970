"""References of models are read from the database once for each state of their rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.windows.model_windows import read_references
from scoring.registry.models import ModelVersion
from tests.integration.monitoring.made_up import add_model, reference

pytestmark = pytest.mark.django_db


def test_a_reference_is_read_once() -> None:
    names = [add_model(1), add_model(2, with_reference=False)]
    first = read_references(names)
    assert first.keys() == {names[0]}
    with CaptureQueriesContext(connection) as queries:
        assert read_references(names) == first
    assert len(queries) == 1
    assert '"reference"' not in queries[0]["sql"]


def test_a_changed_reference_is_read_again() -> None:
    name = add_model(1)
    before = read_references([name])[name].rows
    for rows in (before + 1, before + 2):  # twice in one transaction
        ModelVersion.objects.filter(name=name).update(reference=reference() | {"rows": rows})
        assert read_references([name])[name].rows == rows
