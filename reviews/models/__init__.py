"""The tables of the review workspace, by room; Django finds them here."""

from reviews.models.actions import ActionRequest, CaseAction, CaseActionAddress
from reviews.models.automated import AutomatedAction, AutomatedSum
from reviews.models.cases import Case, CaseQuerySet, CaseRefresh
from reviews.models.events import EventEntity, EventReport, EventSender
from reviews.models.investigation import BulkAction, BulkActionProgress, SavedQuery
from reviews.models.quality import GivenVerdict, StoredFourEyes, StoredReviewQuality
from reviews.models.queues import ReviewQueue, StoredReviewSources
from reviews.models.similar import CaseExplanation
from reviews.models.wellness import ReviewerAction, WellnessLimit

__all__ = [
    "ActionRequest",
    "AutomatedAction",
    "AutomatedSum",
    "BulkAction",
    "BulkActionProgress",
    "Case",
    "CaseAction",
    "CaseActionAddress",
    "CaseExplanation",
    "CaseQuerySet",
    "CaseRefresh",
    "EventEntity",
    "EventReport",
    "EventSender",
    "GivenVerdict",
    "ReviewQueue",
    "ReviewerAction",
    "SavedQuery",
    "StoredFourEyes",
    "StoredReviewQuality",
    "StoredReviewSources",
    "WellnessLimit",
]
