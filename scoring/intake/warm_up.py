"""Loads what the signals of events need, so that no client waits for it."""

from scoring.catalog.client_fields import UserAgent
from scoring.catalog.fields import Text
from scoring.catalog.registry import event_types
from scoring.catalog.text_fields import Language, Links
from scoring.intake.external.source import sources
from scoring.texts.compiling import compile_kernels
from scoring.texts.languages import load_model
from scoring.texts.links import load_suffixes


def warm_up_signals() -> None:
    """Read the installation's lists and what reads user agents and texts, and prepare external signals."""
    for kind in event_types().values():
        sources(kind.name)
        for field in kind.fields.values():
            references = field.current_references()
            if isinstance(field, UserAgent):
                field.measure_value("", references)
            if isinstance(field, Text):
                compile_kernels()
            if isinstance(field, Language):
                load_model()
            if isinstance(field, Links):
                load_suffixes()
