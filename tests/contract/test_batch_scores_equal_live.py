"""Batch scoring gives the numbers of live decisions, to the bit, whatever a lane went through."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.decisions.models import Decision
from scoring.features.logged_vectors import unpack_vectors
from scoring.intake.models import Amendment, Event
from scoring.learning.result_sets.files import ResultSet
from scoring.learning.result_sets.score import ScoringRequest, score_period
from scoring.log.read import read_positions
from scoring.offline.export import export_log
from scoring.offline.store import OfflineStore
from scoring.rules.policies.thresholds import outcome_of
from tests.integration.lanes.conftest import _client_of_this_test, send, work  # noqa: F401 - fixtures
from tests.integration.lanes.test_arms import champion, route
from tests.integration.replay.conftest import models  # noqa: F401 - a fixture
from tests.integration.replay.test_amended_replay import AmendedTraffic

pytestmark = pytest.mark.django_db(transaction=True)

LIVE_SINCE = datetime(2026, 2, 26, tzinfo=UTC)  # the history that the models learned from is older
END = datetime(2030, 1, 1, tzinfo=UTC)


def scored(model: str, out: str, **how) -> pa.Table:
    request = ScoringRequest(model, since=LIVE_SINCE, until=END, out=out, explanations=True)
    manifest = score_period(request, now=END, **how)
    assert manifest.is_complete
    root = out.removeprefix("file://")
    return pa.concat_tables([pq.read_table(f"{root}/{name}") for name, _ in manifest.files])


@pytest.fixture
def live(models, send, work) -> str:  # noqa: F811 - fixtures
    """The champion that decided a lane with late events, labels, corrections and retractions."""
    route(champion(models[0]))
    traffic = AmendedTraffic(send, work, seed=3)
    traffic.go(60)
    export_log(OfflineStore(), now=datetime.now(UTC))
    traffic.go(40)
    return models[0]


def last_decisions(model: str) -> dict[int, Decision]:
    """The last decision on each event that occurred since, without retracted events."""
    retracted = Amendment.objects.filter(kind="retraction").values("event_position")
    events = Event.objects.filter(type="payment", occurred_at__gte=LIVE_SINCE).exclude(position__in=retracted)
    decisions = Decision.objects.filter(event_position__in=events.values("position")).order_by("revision")
    assert set(decisions.values_list("model", flat=True)) == {model}
    return {decision.event_position: decision for decision in decisions}


def test_scores_margins_outcomes_and_contributions_are_those_of_live_decisions(live, tmp_path):
    table = scored(live, str(tmp_path / "scores"), items=300, rows_a_file=50)
    decided = last_decisions(live)
    entries = {
        entry.data.get("event_version", entry.data["event_position"]): entry
        for entry in read_positions([decision.position for decision in decided.values()])
    }
    assert Amendment.objects.filter(kind="correction").count() > 10
    assert len(table) == len(decided) > 50
    assert sorted(table["position"].to_pylist()) == sorted(entries)
    names = [name for name in table.column_names if name.startswith("contribution_")]
    contributions = np.column_stack([table[name].to_numpy() for name in names])
    for row, found in enumerate(
        table.select(["stream", "position", "score", "margin", "outcome"]).to_pylist()
    ):
        entry = entries[found["position"]]
        assert found["stream"] == entry.stream
        assert (found["score"], found["margin"]) == (entry.data["score"], entry.data["margin"])
        assert found["outcome"] == outcome_of(entry.data["score"], entry.data["thresholds"])
        logged = unpack_vectors(entry.packed, width=len(names) - 1)[1]
        assert np.abs(contributions[row] - logged).max() < 1e-9


def test_another_model_without_explanations_gives_the_margins_that_it_gives_with_them(live, models, tmp_path):  # noqa: F811
    explained = scored(models[1], str(tmp_path / "explained"))
    request = ScoringRequest(models[1], since=LIVE_SINCE, until=END, out=str(tmp_path / "plain"))
    manifest = score_period(request, now=END)
    plain = pq.read_table(tmp_path / "plain" / manifest.files[0][0])
    assert not [name for name in plain.column_names if name.startswith("contribution_")]
    assert plain["margin"].to_pylist() == explained["margin"].to_pylist()
    assert plain["score"].to_pylist() == explained["score"].to_pylist()


def test_a_run_that_died_is_continued_to_the_same_rows(live, tmp_path, monkeypatch):
    whole = scored(live, str(tmp_path / "whole"), items=50, rows_a_file=20)
    add, added = ResultSet.add, []

    def die_later(self, manifest, table, *, reached):
        if len(added) == 2:
            raise ConnectionError("the network is gone")
        added.append(reached)
        return add(self, manifest, table, reached=reached)

    monkeypatch.setattr(ResultSet, "add", die_later)
    with pytest.raises(ConnectionError):
        scored(live, str(tmp_path / "died"), items=50, rows_a_file=20)
    monkeypatch.setattr(ResultSet, "add", add)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "died").glob("part-*")}
    continued = scored(live, str(tmp_path / "died"), items=50, rows_a_file=20)
    assert len(before) == 2
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert continued.equals(whole)
