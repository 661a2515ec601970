"""Pages of verdicts that need a second person."""
