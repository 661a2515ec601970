"""The reviewers' pages: the queue, a case, an event, an entity."""
