"""Which requests may stop waiting for a group, and how many fit one."""

from datetime import UTC, datetime

import pytest

from scoring.intake import group_commit
from scoring.intake.group_commit import GroupCommit, ReceiptBatch
from scoring.log.entries import NewEntry


def batch_of(entries: int = 1) -> ReceiptBatch:
    entry = NewEntry("payment/shop/T-0", 0, "event.received", {})
    return ReceiptBatch([entry] * entries, [], datetime(2026, 3, 1, tzinfo=UTC), 1, None)


@pytest.mark.parametrize(
    ("is_waiting", "is_called", "withdraws"),
    [
        (True, False, True),
        (True, True, False),  # it is the next leader: without it nothing would be written any more
        (False, False, True),  # it is being written
        (False, True, False),  # it has been written
    ],
)
def test_a_request_stops_waiting_at_its_deadline_unless_it_was_called(
    is_waiting: bool, is_called: bool, withdraws: bool
):
    commits, one, other = GroupCommit(), batch_of(), batch_of()
    commits._waiting = [other, one] if is_waiting else [other]
    if is_called:
        one.called.put(None)
    assert commits._withdraw(one) is withdraws
    assert commits._waiting == ([other, one] if is_waiting and is_called else [other])


@pytest.mark.parametrize(
    ("waiting", "together"),
    [([1, 1, 1], 3), ([1, 1, 1, 1], 3), ([2, 1, 1], 2), ([2, 2, 1], 1), ([3, 1], 1), ([1], 1)],
)
def test_a_group_is_as_many_requests_as_fit_one_statement_in_order(
    monkeypatch: pytest.MonkeyPatch, waiting: list[int], together: int
):
    monkeypatch.setattr(group_commit, "MAX_ENTRIES", 3)
    commits = GroupCommit()
    commits._waiting = queue = [batch_of(entries) for entries in waiting]
    assert commits._take_group() == queue[:together]
    assert commits._waiting == queue[together:]
