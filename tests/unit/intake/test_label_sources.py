"""One spelling of a label source, and who outranks whom."""

import doctest
from itertools import pairwise
from types import ModuleType

import pytest

from scoring.api.keys import addresses
from scoring.ingest.labels import columns as label_columns
from scoring.ingest.labels import mapping_form as label_mapping
from scoring.ingest.mapping.mapping import LabelMapping
from scoring.intake import label_sources
from scoring.intake.label_sources import (
    MAX_SOURCE_LENGTH,
    PRECEDENCE,
    canonical_source,
    is_known_source,
    source_rank,
)
from scoring.intake.labels import LabelStatement, label_entry, said_by_source
from scoring.intake.models import Label
from tests.factories.log import as_read
from tests.unit.intake.test_labels import NOON


@pytest.mark.parametrize("module", [label_sources, addresses, label_columns, label_mapping])
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_known_sources_are_normalized_and_rank_in_order() -> None:
    assert [canonical_source(name) for name in PRECEDENCE] == list(PRECEDENCE)
    assert all(source_rank(one) < source_rank(other) for one, other in pairwise([*PRECEDENCE, "acme"]))


@pytest.mark.parametrize("name", ["reviewer", "chargeback2", "acme", "re view er", ""])
def test_other_names_are_not_mistaken_for_known_sources(name: str) -> None:
    assert not is_known_source(name)


def test_the_longest_allowed_source_fits_its_column() -> None:
    assert Label._meta.get_field("source").max_length == MAX_SOURCE_LENGTH


def test_a_source_is_normalized_wherever_it_enters() -> None:
    statement = LabelStatement("payment", "T-1", "fraud", "Charge Back")
    entry = label_entry(
        event_stream="payment/shop/T-1",
        version=0,
        said={},
        said_at={},
        previous=None,
        value="fraud",
        label_source="CHARGEBACK",
        known_at=NOON,
    )
    assert statement.label_source == LabelMapping(source=" Chargeback ").source == "chargeback"
    assert entry.data["source"] == "chargeback"
    assert said_by_source([as_read(entry)]) == {"chargeback": "fraud"}
