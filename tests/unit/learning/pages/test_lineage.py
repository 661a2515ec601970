"""What the page of a model says of the gap between training and validation."""

import pytest

from scoring.learning.pages.lineage import gap_text
from scoring.registry.models import ModelVersion


@pytest.mark.parametrize(
    ("lineage", "text"),
    [
        (
            {"gap": {"days": 22.0, "labels": 1_198, "stated": False}},
            "22 days, from the delay of 1,198 positive labels (90% were known by then, within 14 to 45 days)",
        ),
        ({"gap": {"days": 7.0, "labels": 0, "stated": True}}, "7 days, as stated in the recipe"),
        (
            {"gap": {"days": 14.0, "labels": 0, "stated": False}},
            "14 days, because too few positive labels show their delay",
        ),
        ({}, "21 days"),
    ],
)
def test_the_gap_says_what_it_follows_from(lineage, text):
    assert gap_text(ModelVersion(lineage=lineage, parameters={"shares": {"gap_days": 21.0}})) == text


def test_a_version_from_before_gaps_were_recorded_says_so():
    assert gap_text(ModelVersion(lineage={}, parameters={})) == "not recorded"
