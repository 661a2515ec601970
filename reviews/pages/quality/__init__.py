"""Pages about the quality of reviews, and their part of a case's page."""
