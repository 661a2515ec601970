"""Erasing what is stored of a subject, an entity such as a customer or an author, outside the log."""
