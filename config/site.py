"""The admin site: unfold's, plus the pages that apps register."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admin import apps
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core import checks
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from scoring.admin_kit.pages import page_urls

SIGN_IN_VIEW = "config.people.signing_in.views.SignInView"  # it needs models, which are not ready yet


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

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The log-in page, by a view that asks for second factors."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        asked = REDIRECT_FIELD_NAME in {*request.GET, *request.POST}
        context = {
            **self.each_context(request),
            "title": "Log in",
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **({} if asked else {REDIRECT_FIELD_NAME: reverse("admin:index")}),
            **(extra_context or {}),
        }
        request.current_app = self.name
        answer: HttpResponse = import_string(SIGN_IN_VIEW).as_view(extra_context=context)(request)
        return answer

    def extra_urls(self) -> list[URLPattern]:
        return page_urls()
