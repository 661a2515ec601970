"""From a log of simulated history to a model that decides, on the real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from scoring.batch.history import ViewHistory
from scoring.catalog.registry import event_type
from scoring.features.compile.plan import lane_plan
from scoring.features.folding.arena import Arena
from scoring.features.folding.encode import encode
from scoring.features.folding.fold import fold
from scoring.intake.models import Event, Label
from scoring.learning.dataset import vocabularies
from scoring.learning.dataset.training_set import join_labels
from scoring.learning.dataset.vectors_and_labels import read_labels, read_vectors
from scoring.learning.dataset.vocabularies import count_vocabulary, freeze_vocabulary
from scoring.learning.errors import ModelNotPromotable, NoEventsToEvaluate, NoModelYet, NotEnoughPositives
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.promotion import promote as promotion
from scoring.learning.training.recipe import AUTO, MEMORY, TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.errors import StreamConflict
from scoring.log.read import read_positions, read_stream
from scoring.log.retry import ATTEMPTS
from scoring.registry import loaded_models
from scoring.registry import model_versions as registry
from scoring.registry.errors import ArtifactCorrupt, UnknownModel
from scoring.registry.models import HeldOutSample, ModelArtifact, ModelVersion, Route
from tests.factories.history import load_history
from tests.factories.lane_items import iter_lane_items
from tests.factories.log import inject_conflicts
from tests.factories.models import approved
from tests.factories.views import with_batch_values

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
CONFIG = TrainingConfig(trees=20, depth=4, minimum_positives=4)
MATURES = timedelta(days=14)


@pytest.fixture
def history(online_redis, settings, tmp_path):
    """Forty days of payments in the log, sequenced."""
    settings.VAR_DIR = tmp_path / "var"
    loaded_models.load_model.cache_clear()
    load_history(end=END, now=NOW)


def request(**changes):
    return TrainingRequest(**{"event_type": "payment", "as_of": END, "matures_after": MATURES} | changes)


def train(config=CONFIG, **changes):
    return run_training(request(**changes), config=config, actor="tests", now=NOW)


def test_the_training_set_is_the_lane_folded_once_with_the_labels_of_the_cut_off(history):
    vocabulary = count_vocabulary(event_type("payment"), as_of=END)
    vectors = read_vectors("payment", vocabulary=vocabulary)
    assert len(vectors.positions) == Event.objects.filter(type="payment").count()
    plan = lane_plan("commerce", {"payment": vocabulary})
    arena, rows = Arena(plan), []
    histories = [ViewHistory.read(view) for view in plan.batch_views["payment"] if view.has_history]
    for chunk in iter_lane_items("commerce"):
        for place, item in enumerate(chunk.items):
            out = fold(plan, encode(plan, [with_batch_values(item, histories)]), arena)
            if item.kind == "event" and item.type == "payment":
                rows.append((chunk.event_positions[place], plan.feature_set("payment").vector_of(out[0])))
    assert [position for position, _ in rows] == vectors.positions.tolist()
    np.testing.assert_array_equal(np.array([x for _, x in rows], dtype=np.float32), vectors.X)

    as_of = END - timedelta(days=10)
    joined = join_labels(
        vectors=vectors, labels=read_labels(vectors), as_of=as_of, matures_after=timedelta(days=5)
    )
    events = Event.objects.filter(type="payment", occurred_at__lte=as_of - timedelta(days=5))
    assert sorted(joined.positions) == sorted(events.values_list("position", flat=True))
    frauds = Label.objects.filter(known_at__lte=as_of, effective="fraud").values_list(
        "event_stream", flat=True
    )
    by_position = {event.position: event.stream for event in events}
    assert {by_position[p] for p in joined.positions[joined.y == 1]} == set(frauds) & set(
        by_position.values()
    )


def test_a_run_registers_a_version_with_the_trained_predictions(history):
    run = train()
    version = ModelVersion.objects.get(name=run.name)
    assert (version.name, version.number, version.event_type) == ("payment-1", 1, "payment")
    assert version.as_of == END
    assert version.lineage["rows"] == run.rows
    assert version.lineage["matures_after_days"] == 14
    assert version.lineage["gap"]["labels"] == version.lineage["positives"]
    assert version.parameters["shares"]["gap_days"] is None  # the recipe states none
    assert read_stream("model/payment-1")[0].data["artefact"] == version.artifact
    assert read_stream("vocabulary/payment")[0].data["fields"]["category"]
    model = loaded_models.load_model(run.name)
    X = np.random.default_rng(0).normal(size=(50, len(model.spec.features)))
    margin, score, contributions = model.explain(X)
    assert ((score > 0) & (score < 1)).all()
    np.testing.assert_allclose(contributions.sum(axis=1), margin, atol=1e-5)


def test_a_version_keeps_a_sample_of_its_held_out_events_with_their_scores(history):
    run = train()
    stored = HeldOutSample.objects.get(pk=run.name).sample
    held_out = run.trained.held_out
    assert stored["rows"] == len(held_out.y) == pytest.approx(sum(stored["weights"]))
    assert set(stored["positions"]) <= set(held_out.positions.tolist())
    scores = dict(zip(held_out.positions.tolist(), run.trained.score.tolist(), strict=True))
    assert stored["scores"] == [scores[position] for position in stored["positions"]]
    assert sum(stored["positive"]) == held_out.y.sum()
    first = next(entry for entry in read_positions(stored["positions"][:1]))
    assert stored["stakes"][0] == event_type("payment").stake(first.data["fields"])
    assert stored["days"] > 0


def test_the_same_cut_off_gives_the_same_artifact_under_a_new_name(history):
    first, again = train(), train()
    assert (first.name, again.name) == ("payment-1", "payment-2")
    assert first.digest == again.digest
    assert ModelArtifact.objects.count() == 1


def test_the_placement_that_a_training_chose_is_part_of_its_recipe(history):
    train(replace(CONFIG, trees=2, placement=AUTO))
    assert ModelVersion.objects.get().parameters["placement"] == MEMORY


def test_entries_beyond_a_log_position_are_not_looked_at(history):
    vocabulary = count_vocabulary(event_type("payment"), as_of=END)
    everything = read_vectors("payment", vocabulary=vocabulary)
    middle = int(np.median(everything.positions))
    earlier = read_vectors("payment", vocabulary=vocabulary, log_position=middle)
    assert earlier.positions.tolist() == [p for p in everything.positions if p <= middle]
    labels = read_labels(earlier, log_position=middle)
    assert 0 < len(labels.rows) < len(read_labels(everything).rows)


def test_a_frozen_vocabulary_is_written_once_until_it_changes(history):
    kind = event_type("payment")
    vocabulary = count_vocabulary(kind, as_of=END)
    assert freeze_vocabulary(kind, vocabulary, as_of=END, now=NOW)
    assert not freeze_vocabulary(kind, vocabulary, as_of=END, now=NOW)
    assert freeze_vocabulary(kind, {"category": ("fuel",)}, as_of=END, now=NOW)
    assert [entry.stream_version for entry in read_stream("vocabulary/payment")] == [1, 2]


def test_a_vocabulary_frozen_by_another_training_meanwhile_is_followed(db, monkeypatch):
    kind = event_type("payment")
    assert freeze_vocabulary(kind, {"category": ("food",)}, as_of=END, now=NOW)
    before = [[]]  # what was read before the other one wrote
    monkeypatch.setattr(
        vocabularies, "read_stream", lambda stream: before.pop() if before else read_stream(stream)
    )
    assert freeze_vocabulary(kind, {"category": ("fuel",)}, as_of=END, now=NOW)
    frozen = [entry.data["fields"]["category"] for entry in read_stream("vocabulary/payment")]
    assert frozen == [["food"], ["fuel"]]


def test_promotion_changes_the_route_and_keeps_its_salt(history):
    train()
    train()
    promotion.promote(approved("payment-1"), actor="ana", now=NOW)
    before = Route.objects.get(event_type="payment")
    promotion.promote(approved("payment-2"), actor="ana", now=NOW)
    after = Route.objects.get(event_type="payment")
    assert registry.champion_of("payment") == "payment-2"
    assert (after.version, after.salt, after.unit) == (2, before.salt, "card")
    assert read_stream("route/payment")[1].metadata["actor"] == "ana"


def test_a_model_of_shuffled_labels_is_never_promotable(history):
    run = train(shuffled=True)
    with pytest.raises(ModelNotPromotable):
        promotion.promote(approved(run.name), actor="ana", now=NOW)
    with pytest.raises(NoModelYet):
        promotion.newest_promotable("payment")
    real = train()
    assert promotion.newest_promotable("payment") == real.name


def test_damaged_bytes_are_refused_at_load(history):
    run = train()
    ModelArtifact.objects.update(spec=ModelArtifact.objects.get().spec.replace("0.", "1.", 1))
    loaded_models.load_model.cache_clear()
    with pytest.raises(ArtifactCorrupt):
        loaded_models.load_model(run.name)


def test_a_model_may_be_judged_on_all_events_from_its_cut_off_to_a_date(history):
    as_of, until = END - timedelta(days=10), END - timedelta(days=2)
    run = train(as_of=as_of, test_until=until, matures_after=timedelta(days=5))
    later = Event.objects.filter(type="payment", occurred_at__gte=as_of, occurred_at__lt=until).count()
    assert run.trained.metrics["rows"] == run.trained.metrics["slices"]["test"]["rows"] == later
    assert run.rows < Event.objects.filter(type="payment", occurred_at__lt=as_of).count()
    with pytest.raises(NoEventsToEvaluate, match="2026-02-19T00:00:00Z to 2026-02-19T00:00:01Z"):
        train(as_of=as_of, test_until=as_of + timedelta(seconds=1), matures_after=timedelta(days=5))


@pytest.mark.parametrize("conflicts", [ATTEMPTS - 1, ATTEMPTS])
def test_trainings_that_end_at_once_are_numbered_after_a_few_attempts(history, monkeypatch, conflicts):
    inject_conflicts(monkeypatch, "scoring.registry.model_versions", count=conflicts)
    if conflicts == ATTEMPTS:
        with pytest.raises(StreamConflict):
            train()
    else:
        assert train().name == "payment-1"
    assert ModelVersion.objects.count() == (conflicts < ATTEMPTS)


def test_unknown_models_are_refused_naming_the_known(history):
    train()
    with pytest.raises(UnknownModel, match="payment-1"):
        loaded_models.load_model("payment-9")


def test_an_evaluation_compares_with_a_logistic_regression_on_later_events(history):
    as_of = END - timedelta(days=10)
    name = train(as_of=as_of, matures_after=timedelta(days=5)).name
    evaluation = run_evaluation(name, since=as_of, until=END, now=NOW, against="logistic", samples=20)
    later = Event.objects.filter(type="payment", occurred_at__gte=as_of, occurred_at__lt=END).count()
    assert evaluation.model["rows"] == evaluation.other["rows"] == later
    difference = evaluation.model["average_precision"] - evaluation.other["average_precision"]
    assert evaluation.difference.estimate == pytest.approx(difference)


@pytest.mark.parametrize("since", [END - timedelta(seconds=1), END + timedelta(days=1)])
def test_a_period_without_mature_events_cannot_be_evaluated_on(history, since):
    name = train().name
    with pytest.raises(NoEventsToEvaluate, match="there are no mature events"):
        run_evaluation(name, since=since, until=since + timedelta(days=1), now=NOW, against="logistic")


def test_the_commands_train_list_promote_and_judge(history):
    out = StringIO()
    options = ["--as-of", "2026-03-01", "--matures-after", "14", "--trees", "20"]
    call_command("train", *options, "--thresholds", "review=0.2,block=0.9", stdout=out)
    assert "review from a score of 0.2000" in out.getvalue()
    call_command("promote", "--event-type", "payment", "--actor", "ana", stdout=out)
    call_command("models", stdout=out)
    assert "champion" in out.getvalue()
    arguments = [
        "evaluate",
        "--model",
        "payment-1",
        "--from",
        "2026-02-01",
        "--to",
        "2026-02-20",
        "--against",
        "logistic",
    ]
    call_command(*arguments, "--bootstrap", "5", stdout=out)
    assert "logistic regression" in out.getvalue()


def test_too_little_data_is_reported_plainly(history):
    with pytest.raises(NotEnoughPositives):
        run_training(request(), config=TrainingConfig(minimum_positives=5_000), actor="tests", now=NOW)
    with pytest.raises(CommandError, match=r"no event is mature.*These changes would work"):
        call_command("train", "--as-of", "2026-01-30")


def test_an_empty_log_has_nothing_to_train_on(online_redis):
    with pytest.raises(CommandError, match=r"no event is mature.* import older history"):
        call_command("train")
