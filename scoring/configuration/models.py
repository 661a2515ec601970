"""The permissions of this room, which has no table of its own."""

from django.db import models


class Configuration(models.Model):
    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("export_configuration", "Can export the configuration as a file, and compare a file with it"),
            ("apply_configuration", "Can apply a configuration file"),
        ]
