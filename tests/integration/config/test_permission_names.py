"""Permissions get their present names by a migration, because Django never renames one."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

pytestmark = pytest.mark.django_db

module = import_module("scoring.migrations.0013_permission_names")
migration = module.Migration.operations[-1]


def names() -> dict[str, str]:
    found = Permission.objects.filter(codename__in=module.NAMES, content_type__app_label="scoring")
    return dict(found.values_list("codename", "name"))


def test_the_present_names_are_those_of_the_models():
    assert names() == {codename: present for codename, (_, present) in module.NAMES.items()}


def test_a_permission_from_before_the_upgrade_is_renamed():
    migration.reverse_code(apps, None)
    assert names() == {codename: former for codename, (former, _) in module.NAMES.items()}
    migration.code(apps, None)
    assert names() == {codename: present for codename, (_, present) in module.NAMES.items()}
