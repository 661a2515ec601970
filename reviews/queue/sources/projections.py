"""The projection of the sources of cases by event type."""

from reviews.models.queues import StoredReviewSources
from scoring.configuration.type_settings.folding import changed_settings, event_type_of
from scoring.log.projections import fold_into

fold_into("review_sources.changed", StoredReviewSources, key=event_type_of)(changed_settings)
