"""The process of the scheduler, which sends tasks and runs none."""

from celery.apps import beat

from config.celery import set_up_django


class Beat(beat.Beat):
    """Sends tasks by their names, so it imports none of them, nor what they need."""

    def init_loader(self) -> None:
        set_up_django()
        self.app.finalize()
