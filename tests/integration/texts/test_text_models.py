"""A model that reads texts: trained with heads for its policies, it decides, explains and is replayed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from django.test import Client

from scoring.decisions.models import ShadowScore
from scoring.decisions.predictions.text_marks import explain_text
from scoring.decisions.simulation.answering import answer_request
from scoring.decisions.simulation.asking import texts_of_models
from scoring.decisions.simulation.hits_as_data import data_of_bank_hits
from scoring.intake.receive import received_entry
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.heads.table import policy_rows
from scoring.learning.result_sets.score import ScoringRequest, score_period
from scoring.learning.training.runs import TrainingRun
from scoring.log.models import VaultItem
from scoring.log.tasks import run_consumers
from scoring.registry import loaded_models
from scoring.registry.errors import ArtifactCorrupt
from scoring.registry.loaded_models import load_model
from scoring.registry.models import ModelArtifact, ModelVersion
from scoring.registry.routes import Arm, change_route, route_of
from scoring.registry.text_weights import load_text_weights
from scoring.replay.service import replay
from scoring.rules.banks.search.lookup import NO_BANK_HITS
from scoring.timestamps import to_iso
from tests.factories.models import approved, promote
from tests.factories.payments import submission
from tests.integration.texts.conftest import TRAINED_AT, Decide, train

pytestmark = pytest.mark.django_db(transaction=True)

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
SEVERITY = ("allow", "review", "block")
SPAM = "please subscribe to my channel, the song sounds lovely"
SCAM = "send me your wallet and double your coins tonight"
TALK = "her voice reminds me of summer evenings"


def test_a_model_learns_what_spam_looks_like_and_says_so_in_words(
    trained: TrainingRun, decide: Decide
) -> None:
    promote(trained.name)
    spam, talk = decide("C-1", SPAM).data, decide("C-2", TALK).data
    assert spam["score"] > 0.9
    assert talk["score"] < 0.1
    reasons = {reason["code"]: reason["text"] for reason in spam["policies"]["spam"]["reasons"]}
    assert reasons["TEXT_RESEMBLANCE_SPAM"].startswith("The text resembles spam: '")
    assert "channel" in reasons["TEXT_RESEMBLANCE_SPAM"]


def test_reasons_quote_only_what_several_authors_wrote(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    entry = decide("C-1", "subscribe to my channel, says Zebulon Quixley of Harlan Street")
    assert "channel" in orjson.dumps(entry.data).decode()
    assert "quixley" not in orjson.dumps(entry.data).decode().lower()


def test_each_policy_has_its_own_score_outcome_and_thresholds(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    data = decide("C-1", SCAM).data
    policies = data["policies"]
    assert policies.keys() == {"spam", "scam"}
    assert policies["scam"]["score"] > 0.8
    assert policies["spam"]["score"] < 0.5
    assert policies["scam"]["thresholds"].keys() == {"review", "block"}
    assert (policies["spam"]["outcome"], policies["spam"]["reasons"]) == ("allow", [])
    assert policies["scam"]["outcome"] != "allow"
    assert SEVERITY.index(data["outcome"]) >= SEVERITY.index(policies["scam"]["outcome"])


def test_a_comment_without_text_is_scored_by_what_else_is_known(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    assert decide("C-1", None).data["basis"] == "model"


def test_decisions_are_replayed_to_the_bit_even_after_a_text_was_erased(
    trained: TrainingRun, decide: Decide
) -> None:
    promote(trained.name)
    for number, text in enumerate((SPAM, TALK, SCAM, None)):
        decide(f"C-{number}", text)
    assert _identical() == (4, 4)
    VaultItem.objects.filter(value=SPAM).delete()
    assert _identical() == (4, 4)


def _identical() -> tuple[int, int]:
    report = replay("comment", since=BEGINNING, until=datetime.now(UTC))
    return report.decisions, report.identical


def with_shadow(champion: str, shadow: str) -> None:
    route = route_of("comment")
    assert route is not None
    arms = [Arm("champion", champion, "champion", 1.0), Arm("shadow", shadow, "shadow", 1.0)]
    change_route(
        "comment",
        arms=arms,
        salt=route.salt,
        unit=route.unit,
        expected_version=route.version,
        actor="tests",
        reason="to compare",
        now=datetime.now(UTC),
    )


def test_a_shadow_reads_the_text_with_its_own_weights(trained: TrainingRun, decide: Decide) -> None:
    other = train(trees=5, seed=3).name
    promote(trained.name)
    with_shadow(trained.name, approved(other))
    decide("C-1", SPAM)
    assert run_consumers() == {}
    [shadow] = ShadowScore.objects.filter(model=other)
    assert shadow.score > 0.5


def test_a_simulation_reads_a_text_that_is_not_stored(trained: TrainingRun, decide: Decide) -> None:
    promote(trained.name)
    now = datetime.now(UTC)
    payload = {"type": "comment", "id": "new", "occurred_at": "2026-02-01T00:00:00Z", "author": "ann"}
    sent = submission({**payload, "text": SPAM})
    request: dict[str, Any] = {
        "event": received_entry(sent, source="forum").data,
        "hits": [],
        "banked": data_of_bank_hits(NO_BANK_HITS),
        "ruleset": 0,
        "expressions": ["policy_spam > 0.5", "text_resemblance_spam > 0.0"],
        "texts": texts_of_models(sent),
        "now": to_iso(now),
    }
    answer = answer_request(request)
    assert answer["decision"]["score"] > 0.9
    assert [each["result"] for each in answer["expressions"]] == ["matched", "matched"]


def test_the_marks_of_a_text_are_the_places_in_the_original(trained: TrainingRun) -> None:
    text = "Lovely!  SUBSCRIBE to my channel   tonight"
    marks = explain_text(load_text_weights(trained.name), text, "spam")
    assert all(0 <= start < end <= len(text) for start, end, _ in marks)
    strongest = max(marks, key=lambda mark: mark[2])
    assert "channel" in text[strongest[0] : strongest[1]]
    assert explain_text(load_text_weights(trained.name), text, "arson") == []


def test_the_same_training_gives_the_same_artifact(trained: TrainingRun) -> None:
    assert train().digest == trained.digest


def test_another_weight_is_another_artifact(trained: TrainingRun) -> None:
    stored = ModelArtifact.objects.get(digest=trained.digest)
    stored.parts = bytes(stored.parts)[:-1] + b"?"
    stored.save()
    loaded_models.load_model.cache_clear()
    with pytest.raises(ArtifactCorrupt):
        load_model(trained.name)


def test_the_version_tells_how_good_each_head_is(trained: TrainingRun) -> None:
    metrics = ModelVersion.objects.get(name=trained.name).metrics
    spam = metrics["policies"]["spam"]
    assert spam["average_precision"] > 0.9
    assert spam["interval"]["low"] <= spam["average_precision"] <= spam["interval"]["high"]
    assert {"precision", "recall", "precision_interval", "alarms_a_day"} <= spam["at"]["review"].keys()
    assert metrics["without_head"] == {}


def test_a_policy_with_too_few_labels_gets_no_head_and_the_version_says_why(trained: TrainingRun) -> None:
    few = train(minimum_positives=60)
    metrics = ModelVersion.objects.get(name=few.name).metrics
    assert "scam" in metrics["without_head"]
    assert "are needed" in metrics["without_head"]["scam"]


def test_an_evaluation_reads_the_texts_too(trained: TrainingRun) -> None:
    found = run_evaluation(trained.name, since=BEGINNING, until=TRAINED_AT, now=TRAINED_AT)
    assert found.model["average_precision"] > 0.9


def test_batch_scoring_reads_the_texts_and_asks_the_heads_as_live_decisions_do(
    trained: TrainingRun, decide: Decide, tmp_path: Path
) -> None:
    promote(trained.name)
    entries = [decide(f"C-{number}", text) for number, text in enumerate((SPAM, SCAM, TALK, None))]
    request = ScoringRequest(trained.name, since=TRAINED_AT, until=None, out=str(tmp_path / "set"))
    score_period(request, now=datetime.now(UTC))
    rows = pq.read_table(tmp_path / "set" / "part-00000.parquet").to_pylist()
    assert [row["stream"] for row in rows] == [entry.stream for entry in entries]
    for row, entry in zip(rows, entries, strict=True):
        assert (row["score"], row["outcome"]) == (entry.data["score"], entry.data["outcome"])
        heads = entry.data["policies"]
        assert {policy: row[f"policy_{policy}"] for policy in heads} == {
            policy: head["score"] for policy, head in heads.items()
        }


def test_the_page_of_a_model_shows_each_policy_and_what_other_thresholds_would_do(
    trained: TrainingRun, admin_client: Client
) -> None:
    page = admin_client.get(f"/admin/models/{trained.name}/").content.decode()
    assert "Spam: precision against recall" in page
    assert "What another threshold would do" in page
    assert "Policy spam" in page  # its check at the gate
    rows = policy_rows(ModelVersion.objects.get(name=trained.name))
    assert [row.title for row in rows] == ["Spam", "Scam"]
    assert [row.name for row in rows[0].outcomes] == ["review", "block"]
    assert all(move.precision.endswith("%") for row in rows for move in row.moves)


def test_the_page_says_which_policies_have_no_head(trained: TrainingRun, admin_client: Client) -> None:
    few = train(minimum_positives=60)
    page = " ".join(admin_client.get(f"/admin/models/{few.name}/").content.decode().split())
    assert "Without a score: Scam (" in page
    assert "Spam: precision against recall" in page
