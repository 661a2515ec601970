"""URLs of the API and its documents, health and the admin."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerView

from config.errors import bad_request, describe_problem, page_not_found, server_error
from config.status.health import healthz, readyz
from config.status.metrics import metrics
from reviews.appeals.views import AppealPage
from scoring.api.schema.page import schema
from scoring.discovery import discover

discover("admin")  # only in processes that serve pages

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/schema/", schema, name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(), name="docs"),
    path("api/problems/<slug:slug>", describe_problem, name="problem"),
    path("api/v1/", include("reviews.api.urls")),  # before the ids of events, which may hold slashes
    path("api/v1/", include("monitoring.api.urls")),
    path("api/v1/", include("scoring.api.urls")),
    path("appeals/<str:token>/", AppealPage.as_view(), name="appeal"),
    path("admin/account/", include("config.people.signing_in.urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

handler400, handler404, handler500 = bad_request, page_not_found, server_error
