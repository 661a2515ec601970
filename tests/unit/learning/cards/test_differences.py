"""Two versions side by side: only what differs, and when metrics can be compared."""

from datetime import UTC, datetime

from scoring.learning.cards.differences import (
    VersionFacts,
    difference_lines,
    metrics_note,
    version_differences,
)
from scoring.learning.cards.slices import slices_in_time
from scoring.registry.models import ModelVersion

NOW = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
PART = {"rows": 1_200, "from": "2026-01-01T05:00:00Z", "to": "2026-02-01T06:00:00Z"}
LINEAGE = {"rows": 9_000, "since": None, "libraries": {"xgboost": "3.0"}, "code": "c" * 64}
TESTED = {"estimate": 0.1, "low": 0.02, "high": 0.18, "level": 0.95}


def version_with(name, **changed):
    stored = {
        "name": name, "event_type": "payment", "artifact": "a" * 64, "feature_set": "f" * 64, "as_of": NOW,
        "parameters": {"depth": 6}, "lineage": LINEAGE, "comparison": {},
        "metrics": {"average_precision": 0.4, "brier": 0.02, "slices": {"test": PART}},
    }  # fmt: skip
    return ModelVersion(**(stored | changed))


def facts_of(version, *, thresholds=None, features=None):
    return VersionFacts(version, thresholds, features if features is not None else {"amount": "1" * 64})


def rows_of(before, after):
    found = {section.key: section.rows for section in version_differences(before, after)}
    return {key: [(row.name, row.before, row.after) for row in rows] for key, rows in found.items()}


def test_equal_versions_differ_in_nothing_and_metrics_are_listed_all_the_same():
    rows = rows_of(facts_of(version_with("payment-1")), facts_of(version_with("payment-2")))
    metrics = rows.pop("metrics")
    assert {key: found for key, found in rows.items() if found} == {}
    assert ("Average precision", "0.4000", "0.4000") in metrics


def test_every_kind_of_difference_is_in_its_section():
    lineage = LINEAGE | {
        "rows": 10_000,
        "since": "2026-01-01",
        "libraries": {"xgboost": "3.1"},
        "code": "d" * 64,
    }
    after = version_with("payment-2", parameters={"depth": 8}, lineage=lineage, artifact="b" * 64)
    before = facts_of(
        version_with("payment-1"), thresholds={"review": 0.1}, features={"amount": "1" * 64, "mcc": ""}
    )
    rows = rows_of(
        before, facts_of(after, thresholds={"review": 0.2}, features={"amount": "2" * 64, "hour": "3" * 64})
    )
    assert rows["recipe"] == [("depth", "6", "8")]
    assert rows["features"] == [
        ("mcc", "used", "-"),
        ("hour", "-", "used"),
        ("amount", "definition 111111111111", "definition 222222222222"),
    ]
    assert rows["data"] == [("events", "9,000", "10,000"), ("events from", "-", "2026-01-01")]
    assert rows["thresholds"] == [("review", "0.1000", "0.2000")]
    assert rows["libraries"] == [("xgboost", "3.0", "3.1")]
    assert [name for name, _, _ in rows["code"]] == ["code", "artifact"]


def test_a_metric_says_which_is_better_in_its_own_direction():
    better = {"average_precision": 0.5, "brier": 0.01, "slices": {"test": PART}}
    sections = version_differences(
        facts_of(version_with("payment-1")), facts_of(version_with("payment-2", metrics=better))
    )
    rows = {row.name: row.result for section in sections for row in section.rows if section.key == "metrics"}
    assert rows["Average precision"] == "+0.1000 better"
    assert rows["Brier score"] == "-0.0100 better"
    assert rows["ROC AUC"] == ""


def test_the_note_says_whether_metrics_may_be_compared():
    first, second = version_with("payment-1"), version_with("payment-2")
    assert "same period" in metrics_note(first, second)
    later = PART | {"to": "2026-02-09T06:00:00Z"}
    other = version_with("payment-2", metrics={"slices": {"test": later}})
    assert "manage.py evaluate --model payment-2 --against payment-1" in metrics_note(first, other)
    tested = version_with("payment-2", comparison={"champion": "payment-1", "difference": TESTED})
    for pair in ((first, tested), (tested, first)):
        assert "payment-2 was compared with payment-1" in metrics_note(*pair)
        assert "significantly better" in metrics_note(*pair)


def test_the_command_names_sections_without_a_difference():
    sections = version_differences(
        facts_of(version_with("payment-1")), facts_of(version_with("payment-2", parameters={"depth": 8}))
    )
    lines = difference_lines("payment-1", "payment-2", sections)
    assert lines[0] == "payment-1 -> payment-2"
    assert "  depth  6 -> 8" in lines
    assert "libraries: no difference" in lines


def metrics_of(first, second):
    sections = version_differences(facts_of(first), facts_of(second))
    rows = next(section.rows for section in sections if section.key == "metrics")
    return {row.name: (row.before, row.after, row.result) for row in rows}


def test_a_champion_counts_by_its_metrics_on_the_events_of_the_version_that_was_compared_with_it():
    later = {"slices": {"test": PART | {"to": "2026-02-09T06:00:00Z"}}}
    first = version_with("payment-1")
    second = version_with(
        "payment-2",
        metrics={"average_precision": 0.9} | later,
        comparison={"champion": "payment-1", "champion_metrics": {"average_precision": 0.92}},
    )
    assert metrics_of(first, second)["Average precision"] == ("0.9200", "0.9000", "-0.0200 worse")
    assert metrics_of(second, first)["Average precision"] == ("0.9000", "0.9200", "+0.0200 better")


def test_metrics_on_other_events_show_no_winner():
    other = version_with(
        "payment-2",
        metrics={"average_precision": 0.9, "slices": {"test": PART | {"to": "2026-02-09T06:00:00Z"}}},
    )
    assert metrics_of(version_with("payment-1"), other)["Average precision"] == ("0.4000", "0.9000", "")


def test_slices_are_in_order_of_time():
    slices = {
        name: PART | {"from": f"2026-01-0{day}"} for name, day in (("gap", 2), ("test", 3), ("train", 1))
    }
    found = slices_in_time(version_with("payment-1", metrics={"slices": slices}))
    assert [name for name, _ in found] == ["train", "gap", "test"]
