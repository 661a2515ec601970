"""Addresses of the API, mounted below /api/v1/."""

from django.urls import path

from scoring.api.corrections import CorrectionsView, RetractionView
from scoring.api.decisions.explanations import ExplanationView
from scoring.api.decisions.simulations import SimulationsView
from scoring.api.events import EventsView, EventView, ParkedEventsView
from scoring.api.labels import HeldLabelsView, LabelsView
from scoring.api.media.views import MediaUploadView, MediaView

app_name = "api"

urlpatterns = [
    path("events", EventsView.as_view(), name="events"),
    path("events/parked", ParkedEventsView.as_view(), name="parked-events"),
    # An id is the sender's own and may hold slashes.
    path("events/<str:type>/<path:id>/corrections", CorrectionsView.as_view(), name="corrections"),
    path("events/<str:type>/<path:id>/retraction", RetractionView.as_view(), name="retraction"),
    path("events/<str:type>/<path:id>", EventView.as_view(), name="event"),
    path("explanations/<str:type>/<path:id>", ExplanationView.as_view(), name="explanation"),
    path("simulations", SimulationsView.as_view(), name="simulations"),
    path("labels", LabelsView.as_view(), name="labels"),
    path("media", MediaUploadView.as_view(), name="media"),
    path("media/<str:id>", MediaView.as_view(), name="media-item"),
    path("labels/held", HeldLabelsView.as_view(), name="held-labels"),
]
