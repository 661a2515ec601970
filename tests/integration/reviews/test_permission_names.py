"""The names of the reviewers' permissions, as administrators see them."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection

upgrade = import_module("reviews.migrations.0004_permission_names")


@pytest.mark.django_db
def test_an_upgrade_gives_stored_permissions_the_names_that_a_new_installation_has() -> None:
    stored = Permission.objects.filter(content_type__app_label="reviews", codename__in=upgrade.NAMES)
    created = dict(stored.values_list("codename", "name"))
    with connection.schema_editor() as editor:
        upgrade.rename_to(upgrade.FORMER_NAMES)(apps, editor)
        assert dict(stored.values_list("codename", "name")) == upgrade.FORMER_NAMES
        upgrade.rename_to(upgrade.NAMES)(apps, editor)
    assert created == dict(stored.values_list("codename", "name")) == upgrade.NAMES
