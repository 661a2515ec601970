"""What moderators see of an event: its text and media, its conversation, its author and its likes."""
