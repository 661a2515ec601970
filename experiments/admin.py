"""Experiments in the admin are pages; see `experiments.pages`."""

from experiments import pages

__all__ = ["pages"]
