"""Labels, verdicts and list entries for all that a query found: previewed first, and undone as a whole."""
