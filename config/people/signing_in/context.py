"""Variables of the templates below /admin/account/ that are rendered by allauth's views."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

ACCOUNT = "/admin/account/"


def site_variables(request: HttpRequest) -> dict[str, Any]:
    """What the admin's pages know of the site; nothing for other addresses."""
    return admin.site.each_context(request) if request.path.startswith(ACCOUNT) else {}
