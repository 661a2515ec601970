"""Thresholds of notices: none at the threshold, one above it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.overview.attention import notices
from monitoring.overview.facts import CaseQueue, PendingEvents, StoreStatus
from monitoring.overview.notices import Notice, last_line
from monitoring.overview.restarts import ProcessRestarts
from scoring.replay.consistency.mismatches import Mismatch
from scoring.signals.process_reports import Report
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import (
    BEHIND,
    LATE,
    QUIET,
    STOPPED,
    WELL,
    WRITER,
    candidate,
    job,
    minutes,
)

SECOND = timedelta(seconds=1)


def told(**facts: object) -> list[Notice]:
    return notices(replace(QUIET, **facts))  # type: ignore[arg-type]


def late(by: timedelta) -> dict[str, object]:
    return {"consumers": [WELL._replace(ran_at=NOW - by)]}


def waiting(since: timedelta) -> dict[str, object]:
    return {"pending": PendingEvents(4, NOW - since, 0)}


def case(age: timedelta) -> dict[str, object]:
    return {"queue": CaseQueue(pending=1, held=0, oldest=NOW - age)}


def clock(off: float) -> dict[str, object]:
    return {"store": StoreStatus(True, None, (Report("clock", "box", 3.0, str(off)),))}


def fallbacks(of: int) -> dict[str, object]:
    return {"minutes": [*minutes(1, 0, fallbacks=1), *minutes(2, 1, decided_allow=of)]}


@pytest.mark.parametrize(
    ("at", "beyond"),
    [
        (late(timedelta(minutes=1)), late(timedelta(minutes=1) + SECOND)),
        ({"consumers": [WELL._replace(lag=2_000)]}, {"consumers": [WELL._replace(lag=2_001)]}),
        (waiting(timedelta(seconds=30)), waiting(timedelta(seconds=31))),
        (case(timedelta(hours=24)), case(timedelta(hours=24) + SECOND)),
        (clock(2.0), clock(-2.5)),
        ({"writer": WRITER._replace(seconds=60.0)}, {"writer": WRITER._replace(seconds=61.0)}),
        (
            {"trainings": [job("failed", ago=timedelta(days=1))]},
            {"trainings": [job("failed", ago=timedelta(days=1) - SECOND)]},
        ),
        ({"minutes": minutes(69, 10, received=2)}, {"minutes": minutes(70, 10, received=2)}),
    ],
    ids=["late", "lag", "lane", "case", "clock", "writer", "training", "silence"],
)
def test_a_notice_appears_only_above_its_threshold(at: dict[str, object], beyond: dict[str, object]) -> None:
    assert told(**at) == []
    assert len(told(**beyond)) == 1


def test_more_than_1_percent_of_fallbacks_is_critical() -> None:
    assert [notice.tone for notice in told(**fallbacks(100))] == ["warn"]
    assert [notice.tone for notice in told(**fallbacks(99))] == ["bad"]


@pytest.mark.parametrize(
    ("times", "tone", "words"),
    [(1, "warn", "once"), (2, "warn", "2 times"), (3, "bad", "3 times"), (9, "bad", "9 times")],
)
def test_the_third_restart_in_an_hour_is_critical(times: int, tone: str, words: str) -> None:
    [notice] = told(restarts=[ProcessRestarts("lanes", times, "SIGKILL", "out of memory")])
    assert notice.tone == tone
    assert (
        notice.what == f"lanes was restarted {words} in the last hour; it ended with SIGKILL: out of memory"
    )
    [quiet] = told(restarts=[ProcessRestarts("lanes", times, "SIGKILL", "")])
    assert quiet.what.endswith("it ended with SIGKILL")


def test_the_incomplete_minute_does_not_end_a_silence() -> None:
    [notice] = told(minutes=minutes(70, 10, received=2))
    assert "about 20 were expected" in notice.what
    assert told(minutes=[*minutes(70, 10, received=2), *minutes(5, 4, received=1)]) == []
    assert told(minutes=minutes(130, 70, received=9)) == []  # what came two hours ago is not expected now


def test_only_the_consumer_of_windows_decides_about_silence() -> None:
    other = WELL._replace(name="reviews.cases")
    assert told(consumers=[other], minutes=minutes(70, 10, received=5)) == []
    assert len(told(consumers=[other, WELL], minutes=minutes(70, 10, received=5))) == 1


def test_pending_and_parked_entries_give_separate_notices() -> None:
    whats = [notice.what for notice in told(pending=PendingEvents(1, NOW - timedelta(minutes=2), 2))]
    assert whats[0].startswith("1 entry is pending, the oldest for 2 min")
    assert whats[1].startswith("2 events are parked")
    assert told(pending=PendingEvents(0, None, 0)) == []


def test_a_stopped_consumer_links_to_its_entry_if_known() -> None:
    [notice] = told(consumers=[STOPPED])
    assert (notice.label, notice.page, notice.arguments) == (
        "See the entry", "scoring_logentry_change", (1234,),
    )  # fmt: skip
    [other] = told(consumers=[STOPPED._replace(failed_position=None)])
    assert (other.page, "at entry" in other.what) == ("", False)


def test_a_lagging_consumer_is_not_reported_while_a_transaction_blocks_it() -> None:
    assert [notice.tone for notice in told(consumers=[BEHIND], writer=WRITER)] == ["bad"]
    assert [notice.tone for notice in told(consumers=[BEHIND, LATE])] == ["warn"]  # one of them reads


@pytest.mark.parametrize(
    ("passed", "state"),
    [
        ((True, True), "all checks passed"),
        ((True, False), "1 check failed"),
        ((False, False, True), "2 checks failed"),
    ],
)
def test_a_candidate_notice_counts_failed_checks(passed: tuple[bool, ...], state: str) -> None:
    [notice] = told(candidates=[candidate(*passed)])
    assert notice.what.endswith(f"awaits approval: {state}.")


def test_the_most_inconsistent_feature_is_named_first() -> None:
    wrong = [Mismatch("payment", name, 100, bad) for name, bad in (("a", 5), ("b", 90), ("c", 20))]
    [notice] = told(mismatches=wrong)
    assert notice.what.startswith(
        "b and 2 others of payment differed when recomputed from the log: 90 of 100"
    )
    [alone] = told(mismatches=wrong[:1])
    assert alone.what.startswith("a of payment")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("Traceback\nValueError: no such field", "ValueError: no such field"),
        ("x" * 160, "x" * 160),
        ("x" * 161, "x" * 159 + "…"),
        ("  \n", "no error text"),
    ],
)
def test_an_error_is_cut_to_its_last_line(error: str, line: str) -> None:
    assert last_line(error) == line


def test_old_reports_are_ignored() -> None:
    def models(age: float, text: str = "payment-3: it is truncated.") -> list[Notice]:
        return told(store=StoreStatus(True, None, (Report("models", "box", age, text),)))

    assert (len(models(59.0)), models(60.0), models(3.0, text="")) == (1, [], [])
