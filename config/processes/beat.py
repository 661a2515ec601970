"""The scheduler's process, which sends tasks and runs none."""

from celery.apps import beat

from config.celery import set_up_django


class Beat(beat.Beat):
    """Sends tasks by name, so it need not import them or their dependencies."""

    def init_loader(self) -> None:
        set_up_django()
        self.app.finalize()
