"""Futures of calls that no executor of the standard library makes."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def complete(future: Future[T], call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call, and complete `future` with what the call returns or raises, as an executor would."""
    try:
        result = call(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - raised again by `result`
        future.set_exception(error)
    else:
        future.set_result(result)
