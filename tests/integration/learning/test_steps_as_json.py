"""The steps of a pipeline, run as an orchestrator runs them: by their JSON and their exit codes."""

from datetime import timedelta
from io import StringIO
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from scoring.intake.models import Event
from scoring.learning.promotion.gate import reject
from scoring.registry.model_versions import champion_of
from scoring.registry.models import ModelVersion
from tests.factories.models import END, train_small_models

pytestmark = pytest.mark.django_db(transaction=True)

NOW = END + timedelta(days=2)


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    settings.VAR_DIR = tmp_path / "var"
    settings.OFFLINE_URL = str(tmp_path / "offline")
    return train_small_models(15, 25, fraud_share=0.2)


def result(*command: str) -> dict[str, Any]:
    """The JSON document that a command prints, and nothing else."""
    out = StringIO()
    call_command(*command, "--json", stdout=out)
    return orjson.loads(out.getvalue())


def ended(*command: str) -> int:
    with pytest.raises(CommandError) as raised:
        call_command(*command, "--json", stdout=StringIO())
    return raised.value.returncode


def test_data_is_exported_and_written_as_a_training_set(models, tmp_path):
    behind = result("export", "--status")["behind"]
    exported = result("export")
    assert (exported["entries"], exported["began_anew"]) == (behind, False)
    assert exported["rows"]["events"] == Event.objects.count()
    assert result("export", "--status")["behind"] == 0
    file = str(tmp_path / "set.parquet")
    written = result("training_set", "--as-of", END.isoformat(), "--matures-after", "14", "--out", file)
    table = pq.read_table(file)
    assert (written["rows"], written["positives"]) == (len(table), sum(table["_label"].to_pylist()))
    assert written["features"] == len([name for name in table.column_names if name[0] != "_"])
    assert ended("training_set", "--as-of", "2001-01-01", "--out", file) == 3


def test_versions_are_listed_with_their_metrics_checks_and_stages(models):
    listed = result("models", "--event-type", "payment")["models"]
    assert [each["model"] for each in listed] == models
    champion = champion_of("payment")
    assert [each["model"] for each in listed if each["stage"] == "champion"] == [champion] * bool(champion)
    for each, version in zip(listed, ModelVersion.objects.order_by("number"), strict=True):
        assert each["metrics"]["roc_auc"] == version.metrics["roc_auc"]
        assert each["failed"] == [check["name"] for check in version.checks if not check["passed"]]
        assert each["passed"] == (not each["failed"])
    assert result("models", "--event-type", "content") == {"models": []}
    assert ended("models", "--event-type", "nothing") == 2
    assert ended("models", "--compare", *models) == 2


def test_a_model_is_trained_evaluated_promoted_and_rolled_back(models):
    first, second = models
    options = (
        "--as-of",
        END.isoformat(),
        "--matures-after",
        "14",
        "--trees",
        "5",
        "--minimum-positives",
        "4",
    )
    trained = result("train", *options)
    version = ModelVersion.objects.get(name=trained["model"])
    assert (trained["artifact"], trained["trees"]) == (version.artifact, 5)
    assert trained["passed"] == all(check["passed"] for check in trained["checks"])
    assert trained["metrics"]["average_precision"] == version.metrics["average_precision"]
    assert ended("train", "--as-of", "2001-01-01") == 3

    assert ended("roll_back", "--event-type", "payment") == 3
    force = ("--force", "for a test")
    expected = {"event_type": "payment", "champion": first, "previous": None, "route": 1}
    assert result("promote", first, *force) == expected
    assert result("promote", second, *force) == {
        **expected,
        "champion": second,
        "previous": first,
        "route": 2,
    }
    rolled_back = result("roll_back", "--event-type", "payment")
    assert (rolled_back["champion"], rolled_back["previous"]) == (first, second)
    assert champion_of("payment") == first
    assert ended("promote", "payment-9") == 2
    reject(trained["model"], actor="user/lee", note="for a test", now=NOW)
    assert ended("promote", trained["model"], *force) == 3

    evaluate = ("evaluate", "--model", first, "--bootstrap", "5", "--from")
    assert ended(*evaluate, "2026-03-01", "--to", "2026-02-01") == 2
    assert ended(*evaluate, "2001-01-01", "--to", "2001-02-01") == 3


def test_the_log_is_checked_and_rebuilt(models):
    status = result("log_status")
    assert status["parked"] == []
    assert [(each["lane"], each["state"]) for each in status["pending"]] == [("commerce", "history")]
    assert {"name", "lag", "error", "failed_position"} == set(status["consumers"][0])
    assert result("rebuild", "--projection", "event", "--verbosity", "0") == {"rebuilt": ["event"]}
    assert ended("rebuild", "--projection", "nothing", "--verbosity", "0") == 2
    assert ended("rebuild", "--lane", "commerce") == 2
    [rebuilt] = result("rebuild", "--online", "--lane", "commerce", "--verbosity", "0")["lanes"]
    assert (rebuilt["lane"], rebuilt["reordered"]) == ("commerce", False)
    assert rebuilt["items"] > Event.objects.count()
    replayed = result("replay", "--verbosity", "0")
    assert (replayed["event_type"], replayed["decisions"], replayed["identical"]) == ("payment", 0, 0)


def test_files_are_imported_and_sequenced(models, tmp_path):
    file = tmp_path / "payments.csv"
    header = "id,occurred_at,customer,card,merchant,amount"
    rows = [f"p{n},2026-02-26T10:00:0{n}Z,c{n},d{n},m,1.00" for n in range(3)]
    file.write_text("\n".join([header, *rows, "p9,never,c,d,m,1.00"]) + "\n")
    options = ("--type", "payment", "--history", "--verbosity", "0", "--max-rejected", "1")
    found = result("ingest", str(file), *options, "--rejects", str(tmp_path / "rejects.csv"))
    [counts] = found["files"]
    assert (counts["read"], counts["accepted"], counts["rejected"], counts["finished"]) == (4, 3, 1, True)
    assert found["sequenced"]["lane"] == "commerce"
    assert found["sequenced"]["items"] >= 3  # and labels that waited for later events
    [lane] = result("sequence", "commerce", "--verbosity", "0")["lanes"]
    assert (lane["lane"], lane["items"], lane["reordered"]) == ("commerce", 0, False)
    assert ended("sequence", "nowhere") == 2
    assert ended("ingest", str(tmp_path / "missing.csv"), *options) == 2
    assert ended("ingest", str(file), *options, "--dry-run") == 2
