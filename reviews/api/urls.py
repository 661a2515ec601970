"""Addresses of what people decided, below /api/v1/."""

from django.urls import path

from reviews.api.statements import StatementView

app_name = "reviews-api"

urlpatterns = [
    # An id is the sender's own and may hold slashes.
    path("events/<str:type>/<path:id>/statement", StatementView.as_view(), name="statement"),
]
