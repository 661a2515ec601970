"""The pages on which people review: the queue, a case, an event, an entity. They show and call services."""
