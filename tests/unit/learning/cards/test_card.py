"""The card of a version says what is stored of it, in sections, and what is not known."""

from datetime import UTC, datetime

import orjson

from scoring.learning.cards.card import CardFacts, limits_of, make_card
from scoring.learning.cards.files import card_json, card_markdown
from scoring.learning.pages.history import ModelHistoryLine
from scoring.registry.models import ModelVersion

NOW = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
PART = {
    "rows": 1_200, "positives": 34, "inferred": 5,
    "from": "2026-01-01T05:00:00Z", "to": "2026-02-01T06:00:00Z",
}  # fmt: skip
SECTIONS = ["purpose", "data", "labels", "metrics", "gate", "limits", "lineage", "approval"]


def version_with(**changed):
    stored = {
        "name": "payment-3",
        "event_type": "payment",
        "artifact": "a" * 64,
        "trained_at": NOW,
        "as_of": NOW,
        "trained_by": "user/ana",
        "parameters": {"features_left_out": ["hour_of_day"]},
        "metrics": {
            "rows": 1_200.0, "positives": 34.0, "average_precision": 0.5, "brier": 0.01,
            "slices": {"test": PART},
        },
        "lineage": {
            "rows": 9_000, "positives": 210, "inferred_negatives": 8_000, "unknown_blocks": 7, "explored": 0,
            "matures_after_days": 14.0,
        },
        "comparison": {"champion": "payment-2", "champion_metrics": {"average_precision": 0.4}},
        "checks": [
            {"name": "latency", "sentence": "It takes 1 ms.", "allowed": "at most 10 ms", "passed": True},
            {"name": "calibration", "sentence": "They differ.", "allowed": "at most 0.02", "passed": False},
        ],
        "status": "approved",
        "judged_by": "user/bo",
        "judged_at": NOW,
        "note": "better | on *small* amounts",
    }  # fmt: skip
    return ModelVersion(**(stored | changed))


def card_of(version, **facts):
    history = [ModelHistoryLine(NOW, "user/bo", "approved", version.note)]
    return make_card(version, CardFacts("champion", [("Code", "abc")], history, **facts), now=NOW)


def sections_of(card):
    return {section.key: section for section in card.sections}


def test_the_card_has_every_section_with_what_is_stored():
    card = card_of(version_with())
    found = sections_of(card)
    assert list(found) == SECTIONS
    assert ("Stage", "champion") in found["purpose"].facts
    assert ("Left out of the trees", "hour_of_day") in found["data"].facts
    assert found["data"].rows == [("test", "2026-01-01", "2026-02-01", "1,200", "34", "5")]
    assert ("Labels mature after", "14 days") in found["labels"].facts
    assert found["lineage"].facts == [("Code", "abc")]
    assert "Approved by user/bo at 2026-03-02 09:05 UTC: better" in found["approval"].sentences[0]
    assert ("calibration", "failed", "They differ. Allowed: at most 0.02.") in found["gate"].rows


def test_metrics_have_their_interval_and_the_champion_of_the_day():
    card = card_of(version_with())
    table = sections_of(card)["metrics"]
    assert table.columns[-1] == "payment-2"
    assert table.rows[0] == ("Average precision", "0.5000", "0.3380 to 0.6620", "0.4000")
    brier = next(row for row in table.rows if row[0] == "Brier score")
    assert brier[1:] == ("0.0100", "-", "-")
    alone = sections_of(card_of(version_with(comparison={"why_not": "it has learned from these events"})))
    assert len(alone["metrics"].columns) == 3
    assert "Not compared with a champion: it has learned from these events." in alone["metrics"].sentences


def test_limits_name_what_weakens_the_figures():
    text = " ".join(limits_of(version_with()))
    assert "Fewer than 100 positive" in text
    assert "Blocked events without a label are in no figure" in text
    assert "failed these checks: calibration" in text
    assert "Explored events" not in text
    old = " ".join(limits_of(version_with(lineage={"not_promotable": "shuffled"}, checks=[], metrics={})))
    assert "taken for negative" in old
    assert "never be deployed: shuffled" in old


def test_an_old_version_with_little_stored_has_a_card_that_says_so():
    bare = version_with(
        parameters={}, metrics={}, lineage={}, comparison={}, checks=[], status="candidate", judged_at=None
    )
    found = sections_of(card_of(bare))
    assert found["approval"].sentences == ("Neither approved nor rejected yet.",)
    assert found["gate"].sentences == ("This version was never checked.",)
    assert ("Events", "not recorded") in found["data"].facts


def test_policies_have_a_section_if_there_are_heads():
    card = card_of(version_with(), policies=[("Spam", "3 / 100", "0.7", "0.1")])
    assert sections_of(card)["policies"].rows == [("Spam", "3 / 100", "0.7", "0.1")]


def test_markdown_shows_notes_as_they_are_written():
    text = card_markdown(card_of(version_with()))
    assert text.startswith("# Model card: payment-3\n")
    assert "better \\| on \\*small\\* amounts" in text
    assert "| Metric | Value |" in text
    assert "## Limits and caveats" in text


def test_json_has_the_metrics_as_numbers():
    data = orjson.loads(card_json(card_of(version_with())))
    first = data["metrics"][0]
    assert (first["key"], first["value"], first["champion"]) == ("average_precision", 0.5, 0.4)
    assert first["low"] < 0.5 < first["high"]
    assert [section["key"] for section in data["sections"]] == SECTIONS
