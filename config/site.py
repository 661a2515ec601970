"""The admin site: unfold's, plus the pages that apps register."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admin import apps
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite

from scoring.admin_kit.pages import page_urls


class AdminConfig(apps.SimpleAdminConfig):
    """Django's admin app with our site.

    `config.urls` imports what the apps register, so that only processes with pages load it.
    """

    default_site = "config.site.Site"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_registered, checks.Tags.admin)


def check_registered(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Django's check of the admin classes, once they are registered."""
    import_module(settings.ROOT_URLCONF)
    return check_admin_app(app_configs, **options)


class Site(UnfoldAdminSite):
    """The admin site; each page and model checks its own permissions."""

    site_header = site_title = "Assay"
    index_title = "Overview"

    def extra_urls(self) -> list[URLPattern]:
        return page_urls()
