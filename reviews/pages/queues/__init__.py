"""Pages of review queues: all of them, the editor of one, and what a case's page shows and offers."""
