"""Labels say which policies are broken, and one entry tells what every source says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from scoring.intake.errors import InvalidRequest
from scoring.intake.label_sources import NOTHING_NAMED, NamedPolicies, source_rank
from scoring.intake.label_statements import parse_statement
from scoring.intake.labels import label_entry
from scoring.intake.projections import label_row
from tests.factories.catalog import catalog_with
from tests.factories.log import as_read

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LABEL: dict[str, Any] = {
    "event_type": "comment",
    "event_id": "C-1",
    "label": "violating",
    "source": "customer",
    "policies": ["spam"],
}


@pytest.fixture(autouse=True)
def comments() -> Iterator[None]:
    with catalog_with("tests.factories.comments"):
        yield


def entry(
    value: str | None,
    policies: tuple[str, ...],
    *,
    said: dict[str, str],
    named: NamedPolicies = NOTHING_NAMED,
) -> Any:
    return as_read(
        label_entry(
            event_stream="comment/forum/C-1",
            version=len(said),
            said=said,
            said_at={},
            previous=said[min(said, key=source_rank)] if said else None,
            value=value,
            label_source="customer",
            known_at=NOW,
            policies=policies,
            named=named,
        )
    )


def test_a_statement_names_the_policies_that_are_broken() -> None:
    assert parse_statement(LABEL | {"policies": ["spam", "scam"]}, now=NOW).policies == ("scam", "spam")


@pytest.mark.parametrize(
    ("changes", "problem", "allowed"),
    [
        ({"policies": ["arson"]}, "names 'arson', which is not a policy", ["spam", "scam"]),
        ({"policies": "spam"}, "must be a list of policies", ["spam", "scam"]),
        ({"label": "acceptable"}, "go with the label 'violating' only", []),
        ({"label": None, "retract": True}, "go with the label 'violating' only", []),
        (
            {"event_type": "payment", "label": "fraud"},
            "names 'spam', which is not a policy",
            "none: the event type has no policies",
        ),
    ],
)
def test_a_wrong_policy_is_refused(changes: dict[str, Any], problem: str, allowed: object) -> None:
    with pytest.raises(InvalidRequest) as error:
        parse_statement(LABEL | changes, now=NOW)
    assert [tuple(each) for each in error.value.problems] == [("policies", problem, allowed)]


def test_an_entry_without_policies_has_none_of_their_keys() -> None:
    assert not [key for key in entry("violating", (), said={}).data if "policies" in key]


def test_an_entry_has_its_own_policies_and_those_of_the_effective_label() -> None:
    said, named = {"review": "violating"}, {"review": ("scam",)}
    written = entry("violating", ("spam",), said=said, named=named)
    assert written.data["policies"] == ["spam"]
    assert written.data["said_policies"] == {"review": ["scam"], "customer": ["spam"]}
    assert written.data["effective_policies"] == ["scam"]
    assert label_row(written)["policies"] == ["spam"]
    assert label_row(written)["effective_policies"] == ["scam"]


def test_a_retraction_takes_the_policies_back() -> None:
    said, named = (
        {"review": "violating", "customer": "violating"},
        {"review": ("scam",), "customer": ("spam",)},
    )
    written = entry(None, (), said=said, named=named)
    assert "policies" not in written.data
    assert written.data["said_policies"] == {"review": ["scam"]}


def test_the_effective_label_of_a_source_that_names_none_has_none() -> None:
    written = entry("violating", ("spam",), said={"review": "acceptable"})
    assert written.data["effective"] == "acceptable"
    assert written.data["effective_policies"] == []
