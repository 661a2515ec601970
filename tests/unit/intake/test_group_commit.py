"""Who may stop waiting for a write that is shared, and how many share one."""

from datetime import UTC, datetime

import pytest

from scoring.intake import group_commit as gathering
from scoring.intake.group_commit import Gatherer, Received
from scoring.log.entries import NewEntry


def received(entries: int = 1) -> Received:
    entry = NewEntry("payment/shop/T-0", 0, "event.received", {})
    return Received([entry] * entries, [], datetime(2026, 3, 1, tzinfo=UTC), 1, None)


@pytest.mark.parametrize(
    ("is_waiting", "is_called", "withdraws"),
    [
        (True, False, True),
        (True, True, False),  # it is to lead: without it nobody would write any more
        (False, False, True),  # it is being written
        (False, True, False),  # it has been written
    ],
)
def test_a_request_whose_time_is_up_waits_no_longer_unless_it_was_called(
    is_waiting: bool, is_called: bool, withdraws: bool
):
    gatherer, one, other = Gatherer(), received(), received()
    gatherer._waiting = [other, one] if is_waiting else [other]
    if is_called:
        one.called.put(None)
    assert gatherer._withdraw(one) is withdraws
    assert gatherer._waiting == ([other, one] if is_waiting and is_called else [other])


@pytest.mark.parametrize(
    ("waiting", "together"),
    [([1, 1, 1], 3), ([1, 1, 1, 1], 3), ([2, 1, 1], 2), ([2, 2, 1], 1), ([3, 1], 1), ([1], 1)],
)
def test_as_many_as_one_statement_takes_are_written_together_in_their_order(
    monkeypatch: pytest.MonkeyPatch, waiting: list[int], together: int
):
    monkeypatch.setattr(gathering, "MOST_TOGETHER", 3)
    gatherer = Gatherer()
    gatherer._waiting = queue = [received(entries) for entries in waiting]
    assert gatherer._take_group() == queue[:together]
    assert gatherer._waiting == queue[together:]
