"""How long an outbox waits between attempts."""

from datetime import timedelta

from scoring.webhooks.outbox import MAX_ATTEMPTS, pause_after


def test_the_attempts_take_about_an_hour() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, MAX_ATTEMPTS)]
    assert pauses[0] == timedelta(seconds=30)
    assert timedelta(minutes=50) < sum(pauses, timedelta()) < timedelta(minutes=75)
