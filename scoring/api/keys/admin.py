"""The admin list of API keys, which links to their pages."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import ReadOnlyAdmin, moment_column, unbroken
from scoring.api.keys import pages as key_pages
from scoring.api.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys, each with its own page; created on another page or by `manage.py create_api_key`."""

    needs_all_types = True
    when_empty = "Senders need a key to send events. Create one here or with manage.py create_api_key."
    list_display = (
        "name",
        "starts_with",
        "source",
        "scope_list",
        "state_badge",
        moment_column("last_used_at", "last used"),
        moment_column("expires_at", "expires"),
    )
    ordering = ("-created_at",)
    sortable_by = ()
    search_fields = ("prefix", "name", "source")
    search_help_text = "Key, name or sender"

    @admin.display(description="key")
    def starts_with(self, key: ApiKey) -> str:
        return unbroken(f"{key.prefix}…")

    @admin.display(description="scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="state")
    def state_badge(self, key: ApiKey) -> str:
        return badge(key.state(timezone.now()))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(key_pages.CREATE)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("admin:api_key_new")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(ApiKey, digest=object_id)
        return redirect("admin:api_key", prefix=row.prefix)
