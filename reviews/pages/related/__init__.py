"""Panels and pages of what an event has to do with: similar cases, and linked entities and events."""
