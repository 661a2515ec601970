from django.apps import apps
from django.db.models.signals import post_migrate

from scoring import discovery  # as a module: Django would take the class for a second config of this app


class ConfigConfig(discovery.AppWithRooms):
    """The composition root: settings, urls, the Celery app, embedded services and their commands."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from config.people import sign_in  # noqa: F401, PLC0415 (register a check and signals' receivers)
        from config.people.audit import connect_audit  # noqa: PLC0415 (needs the models that are loaded by now)
        from config.people.groups import create_groups  # noqa: PLC0415 (needs the models that are loaded by now)

        super().ready()
        connect_audit()
        # After the last app with tables, when all permissions exist.
        last = [app for app in apps.get_app_configs() if app.models_module is not None][-1]
        post_migrate.connect(create_groups, sender=last)
