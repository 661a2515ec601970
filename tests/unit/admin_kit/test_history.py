"""Changes in the log as lines of a page."""

from datetime import UTC, datetime

from scoring.admin_kit.history import MAX_LINES, HistoryLine, history_lines
from scoring.log.entries import Entry

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def change(version: int, *, reason: str = "as agreed", actor: str = "user/ana") -> Entry:
    metadata = {"actor": actor} if actor else {}
    return Entry(
        version, 1, 1, "queue/a", version, "queue.defined", 1, {"reason": reason}, None, metadata, NOW
    )


def text_of(entry: Entry) -> str:
    return f"Version {entry.stream_version}"


def test_the_latest_changes_come_first_and_the_oldest_are_left_out() -> None:
    lines = history_lines(map(change, range(1, MAX_LINES + 3)), text_of)
    assert [line.text for line in lines] == [f"Version {number}" for number in range(MAX_LINES + 2, 2, -1)]


def test_a_line_says_who_and_why() -> None:
    [line] = history_lines([change(1)], text_of)
    assert line == HistoryLine("Version 1", "user/ana", "as agreed", NOW)


def test_a_change_without_a_reason_says_so() -> None:
    [line] = history_lines([change(1, reason="", actor="")], text_of)
    assert (line.actor, line.reason) == ("", "no reason given")
