"""When a change of what a sender sends is over, and that a change of the past is not usual afterwards."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.quality.alert_metrics import distances
from monitoring.quality.baselines import SenderBaseline, SenderDay, UsualShare, sender_baseline
from monitoring.quality.counting import delay_bin
from monitoring.quality.judging import HOUR, HourShare, Kind, Reading, State, judge_delay, judge_share

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
FAULTY = range(4, 16)  # hours of the day
NONE_MISSING = UsualShare(0.0, 1.0)


def judged(share: float, *, at: int, events: int = 20, usual: UsualShare = NONE_MISSING) -> Reading:
    """The reading at an hour of the day, of a share that was so high in the faulty hours."""
    hours = [
        HourShare(MIDNIGHT + hour * HOUR, round(events * (share if hour in FAULTY else usual.share)), events)
        for hour in range(at - 24, at)
    ]
    return judge_share(Kind.MISSING, hours, usual, now=MIDNIGHT + at * HOUR)


def test_a_change_is_over_a_few_hours_after_its_end() -> None:
    states = {at: judged(0.5, at=at).state for at in (14, 16, 17, 18, 20, 24)}

    assert states == {
        14: State.BAD,
        16: State.BAD,
        17: State.BAD,  # one hour of 20 events may be chance
        18: State.FINE,
        20: State.FINE,
        24: State.FINE,
    }
    over = judged(0.5, at=20)
    assert (over.value, over.events, over.start) == (0.0, 80, MIDNIGHT + 16 * HOUR)


def test_a_small_change_takes_longer_to_be_over_than_a_large_one() -> None:
    large, small = (judged(share, at=19, events=60).state for share in (0.5, 0.1))

    assert (large, small) == (State.FINE, State.CHANGED)


def test_a_change_that_goes_on_is_not_over() -> None:
    """Whatever chance does with the shares of single hours: some have no hits."""
    random = np.random.default_rng(3)
    for _ in range(200):
        hours = [
            HourShare(MIDNIGHT + hour * HOUR, int(random.binomial(15, 0.15)), 15) for hour in range(-24, 1)
        ]
        assert judge_share(Kind.MISSING, hours, NONE_MISSING, now=MIDNIGHT).has_left_fine


@pytest.mark.parametrize("minutes", [10, 25, 40])
def test_a_delay_within_the_usual_range_is_at_no_distance_from_it(minutes: int) -> None:
    baseline = SenderBaseline(28, *3 * (NONE_MISSING,), delay_low=300.0, delay_high=2_400.0)
    delays = {MIDNIGHT: {delay_bin(timedelta(minutes=minutes)): 100}}

    reading = judge_delay(delays, baseline, now=MIDNIGHT + HOUR)

    assert reading.state is State.FINE
    assert distances(reading)[0] == 0.0


def test_the_delay_of_a_small_sender_is_judged_over_more_hours() -> None:
    """Five events an hour, with a wrong clock until five hours ago."""
    baseline = SenderBaseline(28, *3 * (NONE_MISSING,), delay_low=0.0, delay_high=60.0)
    right, wrong = delay_bin(timedelta(minutes=1)), delay_bin(timedelta(hours=5))
    delays = {MIDNIGHT - hour * HOUR: {right if hour <= 5 else wrong: 5} for hour in range(1, 20)}

    over = judge_delay(delays, baseline, now=MIDNIGHT)
    during = judge_delay(
        {hour: counts for hour, counts in delays.items() if hour < MIDNIGHT - 5 * HOUR},
        baseline,
        now=MIDNIGHT - 5 * HOUR,
    )

    assert (over.state, over.events, over.start) == (State.FINE, 20, MIDNIGHT - 4 * HOUR)
    assert (during.state, during.events) == (State.BAD, 20)


def test_a_day_with_a_wrong_clock_does_not_make_it_usual() -> None:
    def day(delay: timedelta) -> SenderDay:
        return SenderDay(live=100, refused=0, repeated=0, too_late=0, delays={delay_bin(delay): 100})

    quiet = [day(timedelta(minutes=1)) for _ in range(27)]

    before = sender_baseline(quiet, dispersion=0.01)
    after = sender_baseline([*quiet, day(timedelta(hours=5))], dispersion=0.01)

    assert before is not None
    assert after is not None
    assert (after.delay_low, after.delay_high) == (before.delay_low, before.delay_high)
