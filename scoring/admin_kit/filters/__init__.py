"""Filters of change lists with forms, chips of the active ones, and the export of what they leave."""
