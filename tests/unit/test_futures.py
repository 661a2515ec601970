"""A future completed by a call holds what the call returned or raised."""

from concurrent.futures import Future

import pytest

from scoring.futures import complete


def test_a_future_holds_the_result_of_its_call() -> None:
    future: Future[tuple[int, int]] = Future()
    complete(future, divmod, 7, 2)
    assert future.result(0) == (3, 1)


@pytest.mark.parametrize("error", [ValueError("wrong"), SystemExit(3)])
def test_a_future_raises_the_error_of_its_call(error: BaseException) -> None:
    def fail() -> None:
        raise error

    future: Future[None] = Future()
    complete(future, fail)
    with pytest.raises(type(error)) as raised:
        future.result(0)
    assert raised.value is error
