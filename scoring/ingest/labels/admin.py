"""Registers the page where a file of labels is uploaded."""

from scoring.ingest.labels import pages  # noqa: F401 (registers its page)
