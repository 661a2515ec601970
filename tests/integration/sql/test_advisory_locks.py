"""Advisory locks: one session at a time per name, each space apart, released with what took them."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from scoring.sql.advisory_locks import LockSpace, lock_until_commit, session_lock, try_lock, wait_for_lock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[BaseDatabaseWrapper]:
    """A second session."""
    session = connection.copy()
    yield session
    session.close()


def is_free(session: BaseDatabaseWrapper, space: LockSpace, name: str) -> bool:
    with session_lock(space, name, connection=session) as held:
        return held


def test_a_session_lock_keeps_other_sessions_out_until_its_block_ends(other):
    with session_lock(LockSpace.IMPORT, "import/a") as held:
        assert held
        assert not is_free(other, LockSpace.IMPORT, "import/a")
    assert is_free(other, LockSpace.IMPORT, "import/a")


def test_names_and_spaces_are_locked_apart(other):
    with session_lock(LockSpace.IMPORT, "a"):
        assert is_free(other, LockSpace.IMPORT, "b")
        assert is_free(other, LockSpace.EXPERIMENT, "a")


def test_no_two_spaces_share_a_number_or_exceed_the_four_bytes_of_a_key():
    assert len({int(space) for space in LockSpace}) == len(LockSpace.__members__)
    assert all(0 < space < 2**31 for space in LockSpace)


def test_a_transaction_lock_is_held_until_the_commit(other):
    with transaction.atomic():
        lock_until_commit(LockSpace.REVIEWER, "ada")
        assert not is_free(other, LockSpace.REVIEWER, "ada")
    assert is_free(other, LockSpace.REVIEWER, "ada")


def test_waiting_for_a_lock_ends_at_the_timeout_and_leaves_the_session_without_one(other):
    with session_lock(LockSpace.EXPERIMENT, "payment"):
        assert not wait_for_lock(LockSpace.EXPERIMENT, "payment", timeout=0.01, connection=other)
        with other.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)


def test_a_lock_ends_with_the_session_that_took_it():
    dropped = connection.copy()
    with session_lock(LockSpace.TRAINING, connection=dropped):
        dropped.close()
        assert wait_for_lock(LockSpace.TRAINING, timeout=10)
    with session_lock(LockSpace.TRAINING) as held:
        assert held  # locks of one session nest
    assert try_lock(LockSpace.TRAINING)
    connection.close()
