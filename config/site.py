"""The admin site: unfold's, with the pages that the apps have registered."""

from django.contrib.admin import apps
from django.urls import URLPattern
from unfold.sites import UnfoldAdminSite

from scoring.admin_kit.pages import page_urls


class AdminConfig(apps.AdminConfig):
    """Django's admin app, with our site in the place of its own."""

    default_site = "config.site.Site"


class Site(UnfoldAdminSite):
    """Everything in the admin; who may see what is decided by each page and model."""

    site_header = site_title = "Assay"
    index_title = "Overview"

    def extra_urls(self) -> list[URLPattern]:
        return page_urls()
