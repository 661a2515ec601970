"""The pages of the investigation console."""
