"""Metrics of one evaluation share what they read; the next evaluation reads anew."""

from monitoring.metrics.shared_reads import read_once, shared_reads


def test_the_same_is_read_once_within_an_evaluation() -> None:
    reads: list[int] = []

    @read_once
    def read(*, now: int) -> tuple[int, ...]:
        reads.append(now)
        return (now,)

    with shared_reads():
        assert read(now=1) is read(now=1)
        read(now=2)
    assert reads == [1, 2]
    with shared_reads():
        read(now=1)
    read(now=1)
    read(now=1)
    assert reads == [1, 2, 1, 1, 1]


def test_functions_do_not_share_with_others() -> None:
    one, two = read_once(lambda *, now: ("one", now)), read_once(lambda *, now: ("two", now))
    with shared_reads():
        assert one(now=1) != two(now=1)
