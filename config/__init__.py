"""The composition root. The Celery app is imported with it, so that `shared_task` always finds it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
