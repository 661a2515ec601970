"""Keeps the Procfile's processes and the services they need running on one machine."""
