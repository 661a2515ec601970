"""Two database transactions at the same time."""

import threading
from collections.abc import Callable

from django.db import connection

from tests.factories.log import open_transaction
from tests.waiting import TIMEOUT_SECONDS, wait_for_blocked_session


def meanwhile(work: Callable[[], object], *, first: Callable[[], object]) -> object:
    """What `work` returns or raises, started in another connection before `first` commits."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:  # noqa: BLE001 - what it was is asserted
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with open_transaction(first):
        thread.start()
        wait_for_blocked_session()
    thread.join(TIMEOUT_SECONDS)
    return outcome[0]
