"""Registers the pages of experiments."""

from importlib import import_module

import_module("experiments.pages.views")
