"""Keeps the processes of one machine running: those of the Procfile, and what they need."""
