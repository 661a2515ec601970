"""Restarts of the last hour, as notices of the overview."""

from dataclasses import replace
from datetime import UTC, datetime

from monitoring.overview.attention import notices
from monitoring.overview.facts import Facts
from monitoring.overview.restarts import count_restarts, read_restarts
from scoring.log.consumers.status import ConsumerHealth
from supervision.record import ProcessExit, ProcessRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = NOW.timestamp()
WELL = ConsumerHealth("monitoring.windows", error="", failed_position=None, ran_at=NOW, lag=3)
QUIET = Facts(now=NOW, hours=[], minutes=[], consumers=[WELL])
ENDS = [ProcessExit("beat", AT - 60, 1, 2.0, "no database")] + [
    ProcessExit("trainer", AT - ago, 137, 300.0) for ago in (7_200, 900, 600, 300)
]


def test_a_restarted_process_is_named_with_how_it_ended():
    found = notices(replace(QUIET, restarts=count_restarts(ENDS, since=AT - 3_600)))
    assert [(notice.tone, notice.what) for notice in found] == [
        ("bad", "trainer was restarted 3 times in the last hour; it ended with exit code 137 (killed)"),
        ("warn", "beat was restarted once in the last hour; it ended with exit code 1: no database"),
    ]


def test_the_supervisors_record_is_read(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    assert read_restarts(now=NOW) == []
    ProcessRecord(tmp_path / "processes.json").record_exit(ENDS[0])
    assert [each.name for each in read_restarts(now=NOW)] == ["beat"]
