"""Experiments in the admin are pages; see `experiments.pages.views`."""

from experiments.pages import views as pages

__all__ = ["pages"]
