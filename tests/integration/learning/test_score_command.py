"""`manage.py score` on a real log: its result set, its exit codes, and what it refuses."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import fsspec
import orjson
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from scoring.intake.models import Event
from scoring.learning.result_sets.files import ResultSet
from scoring.states.reorder import reorder_lane
from scoring.timestamps import to_iso
from tests.factories.models import END, train_small_models
from tests.integration.lanes.conftest import LANE

NOW = END + timedelta(days=1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(online_redis, settings, tmp_path, monkeypatch) -> str:
    settings.VAR_DIR = tmp_path / "var"
    settings.OFFLINE_URL = str(tmp_path / "offline")
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    return train_small_models(15)[0]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("score", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as raised:
        command(*arguments)
    return raised.value


def test_the_result_set_has_a_row_for_each_event_of_the_period(model, tmp_path):
    since = datetime(2026, 2, 1, tzinfo=UTC)
    found = orjson.loads(
        command("--model", model, "--out", str(tmp_path / "set"), "--since", since.isoformat(), "--json")
    )
    assert found["until"] == to_iso(NOW)
    events = Event.objects.filter(type="payment", occurred_at__gte=since)
    assert (found["model"], found["event_type"], found["files"]) == (model, "payment", 1)
    assert found["rows"] == sum(found["outcomes"].values()) == events.count() > 100
    table = pq.read_table(tmp_path / "set" / "part-00000.parquet")
    row = table.slice(7, 1).to_pylist()[0]
    event = Event.objects.get(position=row["position"])
    assert row["stream"] == f"payment/{event.source}/{event.external_id}"
    assert (row["source"], row["id"], row["occurred_at"]) == (
        event.source,
        event.external_id,
        event.occurred_at,
    )
    manifest = orjson.loads((tmp_path / "set" / "manifest.json").read_bytes())
    assert (manifest["is_complete"], manifest["rows"]) == (True, len(table))


def test_any_fsspec_target_and_a_finished_set_is_left_as_it_is(model, monkeypatch):
    first = command("--model", model, "--out", "memory://scores/set")
    written = fsspec.filesystem("memory").modified("/scores/set/part-00000.parquet")
    assert f"events scored by {model} to memory://scores/set" in first
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(hours=1))
    assert command("--model", model, "--out", "memory://scores/set").split(" (")[0] == first.split(" (")[0]
    assert fsspec.filesystem("memory").modified("/scores/set/part-00000.parquet") == written


def test_a_period_without_events_is_answered_with_three(model, tmp_path):
    error = refused("--model", model, "--out", str(tmp_path / "set"), "--since", "2026-02-25T23:00")
    assert (error.returncode, str(error)) == (3, f"{model}: no events occurred in that period")


def test_a_reversed_period_is_a_bad_argument(model, tmp_path):
    error = refused("--model", model, "--out", str(tmp_path / "set"), "--since", "2027-01-01")
    assert error.returncode == 2
    assert "--since must be before --until" in str(error)


def test_the_target_of_another_request_is_refused_and_replaced_on_request(model, tmp_path):
    target = ("--model", model, "--out", str(tmp_path / "set"))
    command(*target)
    (tmp_path / "set" / "notes.txt").write_text("mine")
    error = refused(*target, "--explanations", "--since", "2026-02-01")
    assert error.returncode == 1
    assert "a result set with another since and another explanations" in str(error)
    command(*target, "--explanations", "--since", "2026-02-01", "--anew")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "manifest.json",
        "notes.txt",
        "part-00000.parquet",
    ]
    table = pq.read_table(tmp_path / "set" / "part-00000.parquet")
    names = [name for name in table.column_names if name.startswith("contribution_")]
    assert names[-1] == "contribution_bias"
    margin = sum(table[name].to_numpy() for name in names)
    assert abs(margin - table["margin"].to_numpy()).max() < 1e-5


def test_an_interrupted_set_is_not_continued_in_another_order(model, tmp_path):
    target = ("--model", model, "--out", str(tmp_path / "set"))
    command(*target)
    path = tmp_path / "set" / "manifest.json"
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | {"is_complete": False}))
    reorder_lane(LANE, reason="for a test")
    assert "was reordered after this result set was begun" in str(refused(*target))


def test_a_lane_that_is_reordered_during_the_run_leaves_the_set_unfinished(model, tmp_path, monkeypatch):
    add = ResultSet.add

    def add_and_reorder(self, manifest, table, *, reached):
        reorder_lane(LANE, reason="for a test")
        return add(self, manifest, table, reached=reached)

    monkeypatch.setattr(ResultSet, "add", add_and_reorder)
    assert "was reordered" in str(refused("--model", model, "--out", str(tmp_path / "set")))
    manifest = ResultSet(str(tmp_path / "set")).manifest()
    assert manifest is not None
    assert not manifest.is_complete


def test_unknown_models_and_other_event_types_are_refused(model, tmp_path):
    assert "payment-9" in str(refused("--model", "payment-9", "--out", str(tmp_path / "set")))
    error = refused("--model", model, "--out", str(tmp_path / "set"), "--event-type", "content")
    assert f"{model} scores events of the type payment" in str(error)
