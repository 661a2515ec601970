"""Addresses of what people decided, below /api/v1/."""

from django.urls import path

from reviews.api.appeals import AppealLinkView, AppealsView
from reviews.api.statements import StatementView

app_name = "reviews-api"

urlpatterns = [
    path("events/<str:type>/<path:id>/appeal-link", AppealLinkView.as_view(), name="appeal-link"),
    path("events/<str:type>/<path:id>/appeals", AppealsView.as_view(), name="appeals"),
    # An id is the sender's own and may hold slashes.
    path("events/<str:type>/<path:id>/statement", StatementView.as_view(), name="statement"),
]
