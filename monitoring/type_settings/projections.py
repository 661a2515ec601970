"""Guardrails and retraining triggers as tables."""

from monitoring.models import StoredGuardrails, StoredTriggers
from scoring.configuration.type_settings.folding import changed_settings, event_type_of
from scoring.log.projections import fold_into

fold_into("guardrail.changed", StoredGuardrails, key=event_type_of)(changed_settings)
fold_into("trigger.changed", StoredTriggers, key=event_type_of)(changed_settings)
