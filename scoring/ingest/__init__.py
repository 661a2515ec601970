"""Data in: files and frames of events and labels become entries of the log."""
